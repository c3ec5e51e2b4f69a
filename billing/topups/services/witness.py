"""A second witness of what was sent, in Redis: a database that was set back to an earlier state does not know of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import cast

from billing.lib.redis import connection
from billing.topups.models import TopUp

# Longer than a backup is kept that is still restored.
KEPT_FOR = timedelta(days=90)


def note_sending(topup: TopUp) -> datetime | None:
    """Note that the top-up is about to leave; where that was noted before, return when. Raises RedisError."""
    noted = (topup.sent_at or topup.requested_at).isoformat()
    if connection().set(_name(topup), noted, nx=True, ex=KEPT_FOR):
        return None
    before = cast("bytes", connection().get(_name(topup)))
    return datetime.fromisoformat(before.decode())


def forget_sending(topup: TopUp) -> None:
    """Take the note back: nothing left after all. Raises RedisError."""
    connection().delete(_name(topup))


def _name(topup: TopUp) -> str:
    return f"topup-sent:{topup.reference}"
