"""Reads from contract.json what every operation takes and answers: names, types, required fields and codes."""

import json
import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

_FIELD = re.compile(
    r"(?P<name>\w+)(?P<required>!?):(?P<type>\w+)(?:<(?P<item>\w+)>)?(?P<many>\[\])?"
    r"(?:\[(?P<codes>[-\d,]+)\])?(?:\{(?P<format>\w+)\})?"
)
_SPECIAL_VALUES = (-1, 0)  # "off" and "by default" beside any positive number: not a closed list of codes
_INT_BITS = {"int": 31, "Integer": 31, "long": 63, "Long": 63}
_TEXTS = frozenset({"String", "LongString"})
_DOUBLES = frozenset({"double", "Double"})
_BOOLEANS = frozenset({"boolean", "Boolean"})


class BadField(Exception):
    """A field of a request is missing, of another type, or not one of its codes."""


class Field(msgspec.Struct, frozen=True):
    name: str
    type: str
    required: bool
    many: bool
    codes: frozenset[int]
    format: str | None

    @property
    def enumerated(self) -> bool:
        return bool(self.codes) and self.codes != frozenset(_SPECIAL_VALUES) and self.type in _INT_BITS


class Operation(msgspec.Struct, frozen=True):
    name: str
    section: tuple[int, ...]
    request: tuple[Field, ...]
    response: tuple[Field, ...]


class Contract(msgspec.Struct, frozen=True):
    operations: Mapping[str, Operation]
    types: Mapping[str, tuple[Field, ...]]

    def read(self, operation: Operation, body: Mapping[str, Any]) -> dict[str, Any]:
        """Read the request's known fields as int, Decimal, str, bool, list and dict. Raises BadField."""
        return self._read_fields(operation.request, body)

    def complete(self, type_name: str, row: Mapping[str, Any]) -> dict[str, Any]:
        """Put `row` into the contract's order, with a neutral value for each required field it lacks."""
        return self._complete_fields(self.types[type_name], row)

    def answer(self, operation: Operation, result: Mapping[str, Any]) -> dict[str, Any]:
        return self._complete_fields(operation.response, result)

    def _read_fields(self, fields: tuple[Field, ...], body: Mapping[str, Any]) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for field in fields:
            value = body.get(field.name)
            if value is not None:
                values[field.name] = self._read_value(field, value)
            elif field.required:
                raise BadField(f"Parameter {field.name} is missing.")
        return values

    def _read_value(self, field: Field, value: Any) -> Any:
        if not field.many:
            return self._read_one(field, value)
        if not isinstance(value, list):
            raise BadField(f"Parameter {field.name} is not a list.")
        return [self._read_one(field, item) for item in value]

    def _read_one(self, field: Field, value: Any) -> Any:
        if field.type in self.types:
            if not isinstance(value, dict):
                raise BadField(f"Parameter {field.name} is not an object.")
            return self._read_fields(self.types[field.type], value)
        try:
            read = _read_scalar(field.type, value)
        except (TypeError, ValueError, InvalidOperation) as error:
            raise BadField(f"Parameter {field.name} is not of type {field.type}.") from error
        if field.enumerated and read not in field.codes:
            raise BadField(f"Parameter {field.name} is out of range.")
        return read

    def _complete_fields(self, fields: tuple[Field, ...], row: Mapping[str, Any]) -> dict[str, Any]:
        complete: dict[str, Any] = {}
        for field in fields:
            value = row.get(field.name)
            if value is None and field.required:
                value = self._neutral(field)
            if value is not None:
                complete[field.name] = self._complete_value(field, value)
        return complete

    def _complete_value(self, field: Field, value: Any) -> Any:
        if field.type in _DOUBLES:
            return value if isinstance(value, Decimal) else Decimal(value)
        if field.type in self.types:
            return (
                [self.complete(field.type, item) for item in value] if field.many else self.complete(field.type, value)
            )
        return value

    def _neutral(self, field: Field) -> Any:
        if field.many:
            return []
        if field.type in _INT_BITS:
            return 0 if not field.enumerated or 0 in field.codes else min(field.codes)
        if field.type in _DOUBLES:
            return Decimal(0)
        if field.type in _BOOLEANS:
            return False
        return "" if field.type in _TEXTS else {}


def _read_scalar(type_name: str, value: Any) -> Any:
    if type_name in _TEXTS:
        return _read_text(value)
    if type_name in _BOOLEANS:
        return _read_boolean(value)
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
        raise TypeError("not a number")
    if type_name in _DOUBLES:
        number = Decimal(value.strip() if isinstance(value, str) else value)
        if not number.is_finite() or abs(number) >= Decimal("1E+300"):
            raise ValueError("not a finite number")
        return number
    return _read_integer(type_name, value)


def _read_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | Decimal):
        return str(value)
    raise ValueError("not a text")


def _read_boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().lower() in {"true", "false"}:
        return value.strip().lower() == "true"
    raise ValueError("not a boolean")


def _read_integer(type_name: str, value: int | Decimal | str) -> int:
    if isinstance(value, Decimal):
        raise TypeError("not an integer")
    number = int(value)
    limit = 1 << _INT_BITS[type_name]
    if not -limit <= number < limit:
        raise ValueError("too large")
    return number


@cache
def contract() -> Contract:
    raw = json.loads(Path(__file__).with_name("contract.json").read_text(encoding="utf-8"))
    return Contract(
        operations={name: _operation(name, each) for name, each in raw["operations"].items()},
        types={name: _fields(text) for name, text in raw["types"].items()},
    )


def _operation(name: str, raw: Mapping[str, str]) -> Operation:
    section = tuple(int(part) for part in raw["section"].split("."))
    return Operation(name, section, _fields(raw["request"]), _fields(raw["response"]))


def _fields(text: str) -> tuple[Field, ...]:
    return tuple(_field(each) for each in text.split())


def _field(text: str) -> Field:
    match = _FIELD.fullmatch(text)
    if match is None:
        raise ValueError(f"not a field of the contract: {text}")
    codes = frozenset(int(code) for code in match["codes"].split(",")) if match["codes"] else frozenset()
    return Field(
        name=match["name"],
        type=match["item"] or match["type"],
        required=bool(match["required"]),
        many=bool(match["many"] or match["item"]),
        codes=codes,
        format=match["format"],
    )
