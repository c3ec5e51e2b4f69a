"""A second witness of what was sent, in Redis: a database that was set back to an earlier state does not know of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import cast

from billing.lib.redis import connection
from billing.topups.models import TopUp, TopUpState

# Longer than a backup is kept that is still restored.
KEPT_FOR = timedelta(days=90)


def note_sending(topup: TopUp) -> datetime | None:
    """Note that the top-up is about to leave; where an earlier sending was noted, return when. Raises RedisError.

    The connection repeats a command whose answer was lost, so the note may be there and be this very one.
    """
    now = topup.sent_at or topup.requested_at
    if connection().set(_name(topup), now.isoformat(), nx=True, ex=KEPT_FOR):
        return None
    if (before := noted_sending(topup)) is None:
        connection().set(_name(topup), now.isoformat(), ex=KEPT_FOR)
    return None if before == now else before


def noted_sending(topup: TopUp) -> datetime | None:
    """Return when it was noted that the top-up left, if it was. Raises RedisError.

    The note of an attempt that the database knows says nothing: had that attempt left, the top-up would not wait. It is
    not taken away here, for another process may be sending by it just now.
    """
    noted = cast("bytes | None", connection().get(_name(topup)))
    if noted is None:
        return None
    at = datetime.fromisoformat(noted.decode())
    is_this_attempt = topup.state == TopUpState.SENDING and at == topup.sent_at
    is_known = topup.transitions.filter(to_state=TopUpState.SENDING, at=at).exists()
    return at if is_this_attempt or not is_known else None


def forget_sending(topup: TopUp) -> None:
    """Take the note back: nothing left after all. Raises RedisError."""
    connection().delete(_name(topup))


def _name(topup: TopUp) -> str:
    return f"topup-sent:{topup.reference}"
