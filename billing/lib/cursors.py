"""Positions in a list that is paged by key. They travel in addresses, so one that cannot be read counts as none."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from datetime import UTC, datetime

from billing.lib.instants import EPOCH, from_micros, micros

LARGEST_KEY = 2**63 - 1
# Nothing happened outside these years, and the calendar's own ends have no time of day in every zone.
EARLIEST, LATEST = EPOCH, datetime(2200, 1, 1, tzinfo=UTC)


def to_cursor(at: datetime, key: int, *before: int) -> str:
    """Write a row's cursor in a list that is ordered by the numbers `before`, if any, then by time, then by key."""
    numbers = (*before, micros(at), key)
    return urlsafe_b64encode(".".join(map(str, numbers)).encode()).decode().rstrip("=")


def from_cursor(cursor: str | None) -> tuple[datetime, int] | None:
    """Read a cursor; None for no cursor and for one that was not made here: the list then begins at its beginning."""
    place = from_long_cursor(cursor, before=0)
    return place[1:] if place else None


def from_long_cursor(cursor: str | None, *, before: int) -> tuple[tuple[int, ...], datetime, int] | None:
    """Read a cursor with as many numbers `before` the time as it was made with, or return None."""
    if not cursor:
        return None
    try:
        text = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
        *numbers, number, key = (int(part) for part in text.split("."))
        at = from_micros(number)
    except (ValueError, OverflowError, Base64Error):
        return None
    if not EARLIEST <= at <= LATEST:
        return None
    if len(numbers) != before or any(abs(number) > LARGEST_KEY for number in (*numbers, key)):
        return None
    return tuple(numbers), at, key
