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
    noted = topup.sent_at or topup.requested_at
    if connection().set(_name(topup), noted.isoformat(), nx=True, ex=KEPT_FOR):
        return None
    return noted_sending(topup) or noted


def noted_sending(topup: TopUp) -> datetime | None:
    """Return when it was noted that the top-up left, if it was. Raises RedisError."""
    noted = cast("bytes | None", connection().get(_name(topup)))
    return None if noted is None else datetime.fromisoformat(noted.decode())


def forget_sending(topup: TopUp) -> None:
    """Take the note back: nothing left after all. Raises RedisError."""
    connection().delete(_name(topup))


def _name(topup: TopUp) -> str:
    return f"topup-sent:{topup.reference}"
