"""Places in a list that is read by key. They travel in addresses, so what cannot be read is nobody's place."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
LARGEST_KEY = 2**63 - 1


def to_cursor(at: datetime, key: int) -> str:
    text = f"{(at - EPOCH) // MICROSECOND}.{key}"
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


def from_cursor(cursor: str | None) -> tuple[datetime, int] | None:
    """None for no cursor and for one that was not made here: the list then begins at its beginning."""
    if not cursor:
        return None
    try:
        text = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
        micros, key = (int(part) for part in text.split("."))
        at = EPOCH + micros * MICROSECOND
    except (ValueError, OverflowError, Base64Error):
        return None
    return (at, key) if abs(key) <= LARGEST_KEY else None
