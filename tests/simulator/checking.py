"""Compares an answer with the contract: names, types, required fields and codes."""

import json
from decimal import Decimal
from typing import Any

from simulator.contract import Field, Operation, contract

_TYPES: dict[str, type] = {
    **dict.fromkeys(("int", "Integer", "long", "Long"), int),
    **dict.fromkeys(("double", "Double"), Decimal),
    **dict.fromkeys(("boolean", "Boolean"), bool),
    **dict.fromkeys(("String", "LongString"), str),
}


def check_answer(operation: Operation, raw: str) -> dict[str, Any]:
    answer = json.loads(raw, parse_float=Decimal)
    _check_fields(operation.response, answer, operation.name)
    assert isinstance(answer, dict)
    return answer


def _check_fields(fields: tuple[Field, ...], row: dict[str, Any], where: str) -> None:
    known = {field.name for field in fields}
    assert set(row) <= known, f"{where} has {set(row) - known}"
    for field in fields:
        assert field.name in row or not field.required, f"{where} lacks {field.name}"
        if field.name in row:
            _check_value(field, row[field.name], f"{where}.{field.name}")


def _check_value(field: Field, value: Any, where: str) -> None:
    if field.many:
        assert isinstance(value, list), where
        for item in value:
            _check_one(field, item, where)
    else:
        _check_one(field, value, where)


def _check_one(field: Field, value: Any, where: str) -> None:
    if field.type in contract().types:
        assert isinstance(value, dict), where
        _check_fields(contract().types[field.type], value, where)
        return
    assert type(value) is _TYPES[field.type], f"{where} is {value!r}"
    if field.enumerated and not any(code < -1 for code in field.codes):
        assert value in field.codes, f"{where} is {value!r}"
