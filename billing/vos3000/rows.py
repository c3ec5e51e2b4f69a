"""Reading the rows of a list, one by one where the whole cannot be read: a bad row spoils no other.

Every operation whose answer is a list names a `RowReader`; call records, which are streamed, have `cdr` instead.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum
from functools import cache
from types import GenericAlias
from typing import Annotated, Any, Generic, Self, TypeVar, get_args, get_origin

import msgspec
from msgspec.structs import FieldInfo
from msgspec.structs import fields as fields_of

from .errors import Malformed
from .field_types import Millis, Record, is_sound
from .text import is_marked

T = TypeVar("T")
R = TypeVar("R", bound=Record)

RAW_ROWS = msgspec.json.Decoder(list[msgspec.Raw])
MEMBERS = msgspec.json.Decoder(dict[str, msgspec.Raw])
NAME = msgspec.json.Decoder(str | int)
NOT_PLAIN = (msgspec.MsgspecError, ValueError, RecursionError)
LONGEST_NAME = 100


class RowFault(Enum):
    """Why a row cannot be read, or not kept."""

    NOT_A_ROW = "not_a_row"
    NOT_STATED = "not_stated"
    NOT_UTF8 = "not_utf8"
    NOT_AN_AMOUNT = "not_an_amount"
    NOT_AN_INSTANT = "not_an_instant"
    NOT_OF_ITS_KIND = "not_of_its_kind"
    IMPOSSIBLE = "impossible"


@dataclass(frozen=True, slots=True)
class UnreadableRow:
    """A row that was sent but cannot be read: whose it is, as far as that can be read, and the field that is bad.

    `name` is the account, or what else tells such rows apart; it is empty where the row does not say it.
    """

    name: str
    fault: RowFault
    field_name: str = ""
    members: Mapping[str, msgspec.Raw] = field(default_factory=dict, repr=False)

    def value(self, name: str, kind: Any) -> Any:
        """Read another field of the row as a value of that kind; None where that cannot be read either."""
        raw = self.members.get(name)
        if raw is None or is_marked(bytes(raw)):
            return None
        try:
            return _decoder(kind).decode(raw)
        except NOT_PLAIN:
            return None


class Listed(list[T]):
    """The rows that can be read, and beside them what is known of those that cannot.

    For whom one missing row may change the meaning of the others, there is `whole`.
    """

    def __init__(self, rows: Iterable[T] = (), unreadable: Iterable[UnreadableRow] = ()) -> None:
        super().__init__(rows)
        self.unreadable = tuple(unreadable)

    def whole(self, operation: str) -> Self:
        """These rows, if they are all that were sent. Raises Malformed."""
        if self.unreadable:
            row = self.unreadable[0]
            raise Malformed(operation, f"a row cannot be read: {row.field_name or 'all of it'} is {row.fault.value}")
        return self


class RowReader(Generic[R]):
    """How the rows of an operation are read: of which kind they are, and which field says whose each is."""

    def __init__(self, kind: type[R], *, named_by: str) -> None:
        self._named_by = named_by
        self._fields = fields_of(kind)
        self._all = msgspec.json.Decoder(GenericAlias(list, (kind,)), strict=False)
        self._one = msgspec.json.Decoder(kind, strict=False)

    def read(self, listed: bytes) -> Listed[R]:
        """Raises a msgspec error, ValueError or RecursionError for what is no list."""
        if not is_marked(listed):
            try:
                return Listed(self._all.decode(listed))
            except NOT_PLAIN:
                pass
        rows = [self._read_one(bytes(row)) for row in RAW_ROWS.decode(listed)]
        unreadable = [row for row in rows if isinstance(row, UnreadableRow)]
        return Listed((row for row in rows if not isinstance(row, UnreadableRow)), unreadable)

    def _read_one(self, row: bytes) -> R | UnreadableRow:
        if not is_marked(row):
            try:
                return self._one.decode(row)
            except NOT_PLAIN:
                pass
        try:
            members = MEMBERS.decode(row)
        except NOT_PLAIN:
            return UnreadableRow("", RowFault.NOT_A_ROW)
        # What is null is as good as left out.
        members = {name: raw for name, raw in members.items() if bytes(raw) != b"null"}
        for info in self._fields:
            raw = members.get(info.encode_name)
            if (fault := _fault(info, raw)) is not None:
                return UnreadableRow(_name(members.get(self._named_by)), fault, info.encode_name, members)
        try:
            return self._one.decode(msgspec.json.encode(members))
        except NOT_PLAIN:
            return UnreadableRow(_name(members.get(self._named_by)), RowFault.NOT_OF_ITS_KIND, "", members)


def _name(raw: msgspec.Raw | None) -> str:
    if raw is None or is_marked(bytes(raw)):
        return ""
    try:
        return str(NAME.decode(raw))[:LONGEST_NAME]
    except NOT_PLAIN:
        return ""


def _fault(info: FieldInfo, raw: msgspec.Raw | None) -> RowFault | None:
    """What is wrong with a field, or None."""
    if raw is None:
        return RowFault.NOT_STATED if info.required else None
    if is_marked(bytes(raw)):
        return RowFault.NOT_UTF8
    try:
        value = _decoder(info.type).decode(raw)
    except NOT_PLAIN:
        return _kind_of_fault(info.type)
    if isinstance(value, Decimal) and not is_sound(value):
        return RowFault.NOT_AN_AMOUNT
    return None


def _kind_of_fault(kind: Any) -> RowFault:
    kinds = (kind, *get_args(kind)) if get_origin(kind) is not Annotated else (kind,)
    if Decimal in kinds:
        return RowFault.NOT_AN_AMOUNT
    return RowFault.NOT_AN_INSTANT if Millis in kinds else RowFault.NOT_OF_ITS_KIND


@cache
def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind, strict=False)
