"""JSON in and out, exactly: money is read from and written as its text, never through a binary float."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeVar

import msgspec

from .endpoint import Json
from .errors import Malformed
from .field_types import Record
from .rows import Listed, RowReader
from .text import is_marked, marked, mend

T = TypeVar("T")
R = TypeVar("R", bound=Record)

MOST_TEXT = 200
DOUBLE_DIGITS = 15


@dataclass(frozen=True, slots=True)
class Answer:
    """A well-formed answer: `retCode`, the switch's text on failure, and the results not yet read."""

    operation: str
    code: int
    text: str = field(repr=False)
    results: Mapping[str, msgspec.Raw] = field(repr=False)

    def result(self, key: str, decoder: msgspec.json.Decoder[T]) -> T | None:
        """None when it is left out."""
        return self._read(key, decoder.decode)

    def rows(self, key: str, reader: RowReader[R]) -> Listed[R]:
        """The rows that can be read, and what is known of the others; none when the list is left out."""
        found = self._read(key, reader.read)
        return Listed() if found is None else found

    def _read(self, key: str, read: Callable[[bytes], T]) -> T | None:
        for spelling in spellings(key):
            raw = self.results.get(spelling)
            if raw is not None and bytes(raw) != b"null":
                return self._decoded(key, bytes(raw), read)
        return None

    def _decoded(self, key: str, raw: bytes, read: Callable[[bytes], T]) -> T:
        try:
            return read(raw)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            raise Malformed(self.operation, f"{key} is not what the manual says") from None


def write_body(fields: Mapping[str, Json | msgspec.Raw], extra: Mapping[str, Json]) -> bytes:
    """Raises ValueError for text that UTF-8 cannot carry."""
    return msgspec.json.encode({**extra, **fields})


def exact_number(amount: Decimal) -> msgspec.Raw:
    """The JSON number in plain decimals, `25.0` or `0.0001`.

    Raises ValueError for an amount that the switch's doubles could not give back unchanged.
    """
    if not amount.is_finite():
        raise ValueError("The amount is not a number.")
    if len(amount.normalize().as_tuple().digits) > DOUBLE_DIGITS or abs(amount.adjusted()) > DOUBLE_DIGITS:
        raise ValueError("The amount has more digits than the switch can keep.")
    text = f"{amount:f}"
    return msgspec.Raw((text if "." in text else f"{text}.0").encode())


def spellings(key: str) -> tuple[str, str]:
    """How a key of the results may be written: the case of its first letter is irregular."""
    return key, key[0].swapcase() + key[1:]


def read_answer(operation: str, body: bytes, *, rows_under: str | None = None) -> Answer:
    """Raises Malformed, without the cause: that would carry the body along.

    Text that is not UTF-8 spoils the whole answer, save under the key that is named: there it spoils its row alone.
    """
    if not body.strip():
        raise Malformed(operation, "the answer is empty")
    try:
        results = msgspec.json.decode(mend(marked(body)), type=dict[str, msgspec.Raw])
        code = msgspec.json.decode(results["retCode"], type=int, strict=False)
    except KeyError:
        raise Malformed(operation, "the answer has no retCode") from None
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise Malformed(operation, "the answer is not a JSON object with a retCode") from None
    listed = spellings(rows_under) if rows_under else ()
    if any(is_marked(name.encode() + bytes(raw)) for name, raw in results.items() if name not in listed):
        raise Malformed(operation, "the answer is not UTF-8")
    return Answer(operation, code, _refusal_text(results.get("exception")), results)


def _refusal_text(raw: msgspec.Raw | None) -> str:
    try:
        return "" if raw is None else msgspec.json.decode(raw, type=str)[:MOST_TEXT]
    except (msgspec.MsgspecError, ValueError):
        return ""
