"""Reading call records event by event, whatever their spacing: one is held at a time.

What this reader finds is what `cdr`, which is quicker, must find.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol, TypeAlias, TypeVar

import ijson
import msgspec
from msgspec.structs import fields as fields_of

from .codec import MOST_TEXT
from .errors import Malformed
from .field_types import Record
from .text import UNDECODABLE

T = TypeVar("T", bound=Record)
Events: TypeAlias = Iterator[tuple[str, Any]]
Row: TypeAlias = dict[str, Any]
Fields: TypeAlias = frozenset[str]

OPERATION = "GetCdr"
ENVELOPE_FIELDS = ("retCode", "exception")
RECORDS = ("infoCdrs", "InfoCdrs")
EXCERPT_FIELDS = ("flowNo", "account", "start", "stop", "holdTime", "fee")
LONGEST_EXCERPT = 200
PIECE = 64 * 1024
STARTS = ("start_map", "start_array")
ENDS = ("end_map", "end_array")


@dataclass(frozen=True, slots=True)
class UnreadableRecord:
    """A call record that was sent but cannot be read.

    `excerpt` shows the start of the fields that call records may have for customers, nothing else.
    """

    reason: str
    excerpt: str


class Readable(Protocol):
    def read(self, size: int = -1) -> bytes: ...


def read_slowly(source: Readable, kind: type[T]) -> Generator[T | UnreadableRecord, None, tuple[int, str]]:
    """Read the records, then `retCode` and the switch's text.

    Raises Malformed, and what `source` raises but ValueError.
    """
    envelope: Row = {}
    fields = frozenset(kind.__struct_encode_fields__)
    try:
        for row in _rows(ijson.basic_parse(source, buf_size=PIECE), envelope, fields):
            yield _record(row, kind)
        return int(envelope["retCode"]), str(envelope.get("exception", ""))[:MOST_TEXT]
    except (ijson.JSONError, ValueError, RecursionError):
        # The parser's message quotes the answer, so it is not passed on.
        raise Malformed(OPERATION, "the call records are cut off or garbled") from None
    except (KeyError, TypeError):
        raise Malformed(OPERATION, "the answer has no retCode") from None


def _rows(events: Events, envelope: Row, fields: Fields) -> Iterator[Row | None]:
    """Yield each row's known fields, or None for what is not a row; what is said about all goes into `envelope`."""
    key = ""
    depth = 0
    for event, value in events:
        if event == "map_key" and depth == 1:
            key = value
        elif event == "start_array" and depth == 1 and key in RECORDS:
            yield from _listed(events, fields)
        elif event in STARTS:
            depth += 1
        elif event in ENDS:
            depth -= 1
        elif depth == 1:
            _note(envelope, key, value)


def _listed(events: Events, fields: Fields) -> Iterator[Row | None]:
    for event, _ in events:
        if event == "end_array":
            return
        if event == "start_map":
            yield _row(events, fields)
        else:
            _skip(events, event)
            yield None


def _row(events: Events, fields: Fields) -> Row:
    row: Row = {}
    key = ""
    for event, value in events:
        if event == "map_key":
            key = value
        elif event == "end_map":
            break
        elif event in STARTS:
            _skip(events, event)
        elif key in fields:
            row[key] = value
    return {key: value for key, value in row.items() if value is not None}


def _skip(events: Events, event: str) -> None:
    """Step over the rest of a value whose first event is given."""
    depth = 1 if event in STARTS else 0
    while depth:
        inner, _ = next(events)
        depth += (inner in STARTS) - (inner in ENDS)


def _record(row: Row | None, kind: type[T]) -> T | UnreadableRecord:
    if row is None:
        return UnreadableRecord("not a record", "")
    typed = _typed_fields(kind)
    if any(isinstance(value, str) and UNDECODABLE in value for key, value in row.items() if key in typed):
        return UnreadableRecord("text that is not UTF-8", _excerpt(row))
    try:
        return msgspec.convert(row, kind, strict=False)
    except (msgspec.ValidationError, ValueError) as error:
        return UnreadableRecord(_reason(error), _excerpt(row))


@cache
def _typed_fields(kind: type[Record]) -> Fields:
    """Return the fields that must be readable; those of type `object` may hold whatever the switch sends."""
    return frozenset(field.encode_name for field in fields_of(kind) if field.type is not object)


def _note(envelope: Row, key: str, value: object) -> None:
    """A record's text spoils that record alone; an envelope that is not UTF-8 is no answer, as in every other read."""
    if isinstance(value, str) and UNDECODABLE in value:
        raise ValueError("text that is not UTF-8")
    if key in ENVELOPE_FIELDS:
        envelope[key] = value


def _reason(error: Exception) -> str:
    return str(error)[:LONGEST_EXCERPT]


def _excerpt(row: Row) -> str:
    known = {name: row[name] for name in EXCERPT_FIELDS if name in row}
    return json.dumps(known, default=str)[:LONGEST_EXCERPT]
