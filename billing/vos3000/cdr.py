"""Reading GetCdr (3.47) while it arrives: a piece of the answer is held at a time, whatever its size.

The answer is cut between two records and each piece read at once. Where a cut is tried, the piece in brackets must be
a whole JSON array: that is so only between two records, never inside a text or a nested value. Whatever is not plain is
left to `cdr_slow`, which decides what a record is and what is malformed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from types import GenericAlias
from typing import Generic, TypeVar

import msgspec

from .cdr_slow import OPERATION, PIECE, Readable, UnreadableRecord, read_slowly
from .errors import Malformed
from .field_types import Record
from .text import MendedStream, is_marked

# Plain members of the envelope that come before the records.
BEGIN = re.compile(
    rb'\s*\{\s*(?:"[^"\\]{0,40}"\s*:\s*(?:"[^"\\]{0,200}"|[-+.0-9eE]{1,40}|null)\s*,\s*){0,8}"[iI]nfoCdrs"\s*:\s*\[\s*'
)
LONGEST_BEGIN = 4096
BETWEEN = b"},{"
TRIES = 8
MOST_HELD = 8 * PIECE
ALONE = b'{"retCode":0,"infoCdrs":[%b]}'
ROWS = msgspec.json.Decoder(list[msgspec.Raw])
NOT_PLAIN = (msgspec.MsgspecError, RecursionError)

T = TypeVar("T", bound=Record)


@dataclass(frozen=True)
class Reading(Generic[T]):
    """How records of one kind are read."""

    kind: type[T]
    records: Callable[[bytes], Sequence[T]]
    record: Callable[[bytes], T]


@cache
def _reading(kind: type[T]) -> Reading[T]:
    listed = msgspec.json.Decoder(GenericAlias(list, (kind,)))
    return Reading(kind, listed.decode, msgspec.json.Decoder(kind).decode)


def read_records(pieces: Iterator[bytes], kind: type[T]) -> Generator[T | UnreadableRecord, None, tuple[int, str]]:
    """Read the records, then `retCode` and the switch's text, which may come after them.

    Raises Malformed, and what `pieces` raises.
    """
    try:
        rest = yield from _read_quickly(MendedStream(pieces), _reading(kind))
    except ValueError:
        raise Malformed(OPERATION, "the call records are cut off or garbled") from None
    return (yield from read_slowly(rest, kind))


class _Rest:
    """What was held, then what is still to come."""

    def __init__(self, held: bytes, source: Readable) -> None:
        self._held = held
        self._source = source

    def read(self, size: int = -1) -> bytes:
        if size == 0 or not self._held:
            return self._source.read(size)
        held, self._held = self._held, b""
        return held


def _read_quickly(source: Readable, reading: Reading[T]) -> Generator[T | UnreadableRecord, None, _Rest]:
    """Returns the answer as it would be without the records that were read."""
    held = b""
    while not (begin := BEGIN.match(held)):
        more = source.read()
        held += more
        if not more or len(held) > LONGEST_BEGIN + PIECE:
            return _Rest(held, source)
    envelope, held = held[: begin.end()], held[begin.end() :]
    while True:
        more = _at_least(source, PIECE)
        held += more
        records, end = _whole_records(held, reading)
        yield from records
        held = held[end:]
        if len(more) < PIECE or len(held) > MOST_HELD:
            return _Rest(envelope + held, source)


def _at_least(source: Readable, size: int) -> bytes:
    """Less than that only at the end."""
    parts: list[bytes] = []
    while size > 0 and (part := source.read()):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _whole_records(text: bytes, reading: Reading[T]) -> tuple[Sequence[T | UnreadableRecord], int]:
    """The records with which `text` begins, up to the last cut that can be found, and where the next one begins."""
    cut = len(text)
    for _ in range(TRIES):
        cut = text.rfind(BETWEEN, 0, cut)
        if cut < 0:
            break
        records = _records(b"[%b]" % text[: cut + 1], reading)
        if records is not None:
            return records, cut + len(BETWEEN) - 1
    return [], 0


def _records(listed: bytes, reading: Reading[T]) -> Sequence[T | UnreadableRecord] | None:
    """None for what is no array."""
    if not is_marked(listed):
        try:
            return reading.records(listed)
        except NOT_PLAIN:
            pass
    try:
        return [_record(bytes(row), reading) for row in ROWS.decode(listed)]
    except NOT_PLAIN:
        return None


def _record(row: bytes, reading: Reading[T]) -> T | UnreadableRecord:
    if not is_marked(row):
        try:
            return reading.record(row)
        except NOT_PLAIN:
            pass
    (record,) = read_slowly(BytesIO(ALONE % row), reading.kind)
    return record
