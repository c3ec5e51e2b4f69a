"""Deciding when a day that comparing did not prove is tried again: later each time, and in the end not by itself."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Q

from accounts.lib.backoff import Backoff
from billing.calls.models import CallDay, DayState
from billing.calls.services import day_locks

logger = logging.getLogger(__name__)

PAUSES = Backoff(first=timedelta(minutes=15), longest=timedelta(days=1))
TRIED = """
    UPDATE calls_callday
    SET tries = tries + 1,
        next_try_at = CASE WHEN tries + 1 < %(most)s THEN %(now)s + (%(pauses)s::interval[])[tries + 1] END
    WHERE id = ANY(%(days)s)
"""


def due_for_proof(now: datetime) -> Q:
    """Choose, of fetched days, those whose turn it is to be compared, and fetched again when they differ."""
    in_turn = Q(next_try_at__isnull=True) | Q(next_try_at__lte=now)
    return ~Q(state=DayState.PROVEN) & Q(tries__lt=CallDay.MOST_TRIES) & in_turn


def is_due(row: CallDay, now: datetime) -> bool:
    """Whether it is the turn of a day that was just found to differ, by what was known of it before."""
    return not row.is_given_up and (row.next_try_at is None or row.next_try_at <= now)


def note_failed_proof(days: Sequence[CallDay], now: datetime) -> None:
    """Note that a try did not prove these days: the pause before the next one is longer."""
    with day_locks.held(days), connection.cursor() as cursor:
        parameters: dict[str, Any] = {
            "now": now,
            "pauses": [PAUSES.pause(tries) for tries in range(CallDay.MOST_TRIES)],
            "most": CallDay.MOST_TRIES,
            "days": [row.pk for row in days],
        }
        cursor.execute(TRIED, parameters)
    for row in days:
        if row.tries + 1 == CallDay.MOST_TRIES:
            logger.warning("Account %s, %s: not proven in %s tries and left so", row.account_id, row.day, row.tries + 1)
