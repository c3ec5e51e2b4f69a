"""Writing down what the switch reports of fetched days, and what comparing their calls with it comes to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection

from accounts.models import Switch
from billing.calls.models import CallDay, DayState
from billing.calls.services import day_locks
from billing.calls.services.day_verdicts import Verdict, judge
from billing.lib.amounts import stored

# A day that waits to be complete, or for the rule, is compared again so soon, and later the longer it waits. Its tries
# are not counted: to fetch it again would not help.
AGAIN_AFTER = timedelta(minutes=15)
# A day without a row in the report has no calls. What was never fetched cannot be compared. A day that was given up is
# tried again once the switch reports other figures for it. A day that was proven by other figures is proven no longer.
NOTE_REPORTS = """
    UPDATE calls_callday held
    SET reported_calls = coalesce(stated.calls, 0), reported_fee = coalesce(stated.fee, 0),
        report_begins_at = stated.begins_at, checked_at = %(now)s, unusable_report = NULL,
        state = CASE
            WHEN held.state = 'proven' AND (held.reported_calls, held.reported_fee)
                IS DISTINCT FROM (coalesce(stated.calls, 0), coalesce(stated.fee, 0)) THEN 'fetched'
            ELSE held.state END,
        tries = CASE
            WHEN held.tries >= %(most_tries)s AND (held.reported_calls, held.reported_fee)
                IS DISTINCT FROM (coalesce(stated.calls, 0), coalesce(stated.fee, 0)) THEN 0
            ELSE held.tries END
    FROM calls_callday looked_at
    LEFT JOIN unnest(%(accounts)s::bigint[], %(days)s::date[], %(calls)s::int[], %(fees)s::numeric[],
            %(begins)s::timestamptz[]) AS stated (account_id, day, calls, fee, begins_at)
        ON stated.account_id = looked_at.account_id AND stated.day = looked_at.day
    WHERE looked_at.id = ANY(%(days_looked_at)s) AND held.id = looked_at.id AND held.fetched_at IS NOT NULL
"""
EQUAL = """
    judged.may_be_proven AND held.unreadable = 0
        AND held.reported_calls = held.calls + held.elsewhere_calls + judged.apart_calls
        AND abs(held.reported_fee - held.fee - held.elsewhere_fee - judged.apart_fee)
            <= held.rounded * 0.000001 + judged.slack
"""
# Once more by the row as it is now: another process may have replaced the day since it was judged.
SETTLE = f"""
    WITH judged AS (
        SELECT judged.*, {EQUAL} AS is_equal
        FROM unnest(%(days)s::bigint[], %(may_be_proven)s::bool[], %(apart_calls)s::int[], %(apart_fees)s::numeric[],
                %(slacks)s::numeric[], %(otherwise)s::text[])
            AS judged (id, may_be_proven, apart_calls, apart_fee, slack, otherwise)
        JOIN calls_callday held USING (id)
    ), settled AS (
        SELECT held.id,
            CASE WHEN is_equal THEN 'proven' ELSE coalesce(otherwise, held.state) END AS state,
            CASE WHEN otherwise IS NULL THEN held.apart_calls ELSE judged.apart_calls END AS calls,
            CASE WHEN otherwise IS NULL THEN held.apart_fee ELSE judged.apart_fee END AS fee,
            CASE WHEN otherwise IS NULL THEN held.fee_slack ELSE judged.slack END AS slack,
            CASE WHEN is_equal THEN 0 ELSE held.tries END AS tries,
            CASE WHEN NOT is_equal THEN coalesce(held.unproven_since, %(now)s) END AS unproven_since,
            CASE
                WHEN is_equal THEN NULL
                WHEN coalesce(otherwise, 'not_known') = 'not_known' THEN %(now)s
                    + greatest(%(pause)s, least((%(now)s - held.unproven_since) / 4, interval '1 day'))
                ELSE held.next_try_at END AS next_try_at
        FROM judged JOIN calls_callday held USING (id)
    ), written AS (
        UPDATE calls_callday held
        SET state = settled.state, apart_calls = settled.calls, apart_fee = settled.fee, fee_slack = settled.slack,
            tries = settled.tries, unproven_since = settled.unproven_since, next_try_at = settled.next_try_at
        FROM settled
        WHERE held.id = settled.id
            AND (held.state, held.apart_calls, held.apart_fee, held.fee_slack, held.tries, held.unproven_since,
                    held.next_try_at)
                IS DISTINCT FROM (settled.state, settled.calls, settled.fee, settled.slack, settled.tries,
                    settled.unproven_since, settled.next_try_at)
    )
    SELECT id, state FROM settled
"""  # noqa: S608  # made of constants alone


@dataclass(frozen=True)
class Stated:
    """Calls and fee of a day of an account as the switch reports them, and when that day begins."""

    calls: int
    fee: Decimal
    begins_at: datetime


def note_reports(days: Sequence[CallDay], stated: Mapping[tuple[int, date], Stated], now: datetime) -> list[CallDay]:
    """Write down what the switch reports of these days, and return them as they are then."""
    with day_locks.held(days), connection.cursor() as cursor:
        cursor.execute(
            NOTE_REPORTS,
            {
                "now": now,
                "most_tries": CallDay.MOST_TRIES,
                "accounts": [account for account, _ in stated],
                "days": [day for _, day in stated],
                "calls": [sums.calls for sums in stated.values()],
                "fees": [stored(sums.fee) for sums in stated.values()],
                "begins": [sums.begins_at for sums in stated.values()],
                "days_looked_at": [row.pk for row in days],
            },
        )
    fresh = CallDay.objects.filter(pk__in=[row.pk for row in days], fetched_at__isnull=False)
    return list(fresh.select_related("account__switch").order_by("pk"))


def settle(switch: Switch, days: Sequence[CallDay], now: datetime) -> dict[int, str]:
    """Judge days by the reports that were written down, and return what state each has now."""
    return {row.pk: row.state for row in days} | write(judge(switch=switch, days=days, now=now), now)


def write(verdicts: Sequence[Verdict], now: datetime) -> dict[int, str]:
    """Write verdicts down, and return what state each day has now."""
    columns: dict[str, Any] = {
        "now": now,
        "pause": AGAIN_AFTER,
        "days": [verdict.day.pk for verdict in verdicts],
        "may_be_proven": [verdict.may_be_proven for verdict in verdicts],
        "apart_calls": [verdict.apart_calls for verdict in verdicts],
        "apart_fees": [verdict.apart_fee for verdict in verdicts],
        "slacks": [verdict.slack for verdict in verdicts],
        "otherwise": [verdict.otherwise for verdict in verdicts],
    }
    with day_locks.held([verdict.day for verdict in verdicts]), connection.cursor() as cursor:
        cursor.execute(SETTLE, columns)
        return dict(cursor.fetchall())


def set_not_known(days: Sequence[CallDay], now: datetime) -> None:
    """Write down that it is not known by which rule, or in which calendar, these days are counted."""
    write([Verdict(day, DayState.NOT_KNOWN) for day in days], now)
