"""Totals of calls by the hour, written in the transaction that writes the calls."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from django.db import connection

from billing.calls.queries.retention import NEAR_ITS_DAY
from billing.lib.days import noon

DROP_EMPTY = """
    DELETE FROM calls_calltotal held
    USING unnest(%(accounts)s::bigint[], %(days)s::date[]) AS wanted (account_id, day)
    WHERE held.account_id = wanted.account_id AND held.day = wanted.day AND held.hour >= %(kept_from)s AND NOT EXISTS (
        SELECT 1 FROM calls_call call
        WHERE call.account_id = held.account_id AND call.day = held.day
            AND call.started_at >= held.hour AND call.started_at < held.hour + interval '1 hour'
    )
"""
ADD_UP = """
    INSERT INTO calls_calltotal AS held (account_id, day, hour, calls, answered, talk_seconds, billed_seconds, fee)
    SELECT call.account_id, call.day, date_trunc('hour', call.started_at, 'UTC'), count(*),
        count(*) FILTER (WHERE call.talk_seconds > 0), sum(call.talk_seconds), sum(call.billed_seconds), sum(call.fee)
    FROM unnest(%(accounts)s::bigint[], %(days)s::date[]) AS wanted (account_id, day)
    JOIN calls_call call USING (account_id, day)
    WHERE call.started_at >= %(begin)s AND call.started_at < %(end)s
    GROUP BY 1, 2, 3
    ON CONFLICT (account_id, day, hour) DO UPDATE
    SET calls = excluded.calls, answered = excluded.answered, talk_seconds = excluded.talk_seconds,
        billed_seconds = excluded.billed_seconds, fee = excluded.fee
    WHERE (held.calls, held.answered, held.talk_seconds, held.billed_seconds, held.fee)
        IS DISTINCT FROM
        (excluded.calls, excluded.answered, excluded.talk_seconds, excluded.billed_seconds, excluded.fee)
"""


def add_up(
    *,
    accounts: Sequence[int],
    days: Sequence[date],
    begin: datetime | None = None,
    end: datetime | None = None,
    kept_from: datetime | None = None,
) -> None:
    """Add up the calls of account-days, given as two lists side by side.

    All their calls begin between `begin` and `end`, where those are known. What is right already is not written. Hours
    before `kept_from`, whose calls are dropped or may be, stay as they are.
    """
    earliest = kept_from or datetime.min.replace(tzinfo=UTC)
    which: dict[str, Any] = {
        "accounts": list(accounts),
        "days": list(days),
        "begin": max(begin or noon(min(days)) - NEAR_ITS_DAY, earliest),
        "end": end or noon(max(days)) + NEAR_ITS_DAY,
        "kept_from": earliest,
    }
    with connection.cursor() as cursor:
        cursor.execute(DROP_EMPTY, which)
        cursor.execute(ADD_UP, which)
