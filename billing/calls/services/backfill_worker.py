"""Fetching the days of open backfills in short slots, so that other work that is due comes in between."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection

from accounts.lib.clock import Clock
from accounts.models import Account, Switch
from billing.calls.models import Backfill
from billing.calls.queries.retention import first_known_day
from billing.calls.services import backfills, fetching
from billing.calls.services.due_days import Due
from billing.lib.locks import hold_each
from billing.switches.services import quiet_hours
from billing.vos3000 import Withheld

logger = logging.getLogger(__name__)

SLOT = timedelta(seconds=20)
# A backfill of which no day has come in for so long is given up.
GIVEN_UP_AFTER = timedelta(hours=6)
# The claim of a worker that died ends after so long, and another one takes its place.
LONGEST_SILENCE = timedelta(minutes=2)

# Of each open backfill, the newest missing day whose turn it is.
NEXT_DAYS = """
    SELECT DISTINCT backfill.account_id, missing.day
    FROM calls_backfill backfill
    JOIN accounts_account account ON account.id = backfill.account_id,
    LATERAL (
        SELECT backfill.last - ago AS day
        FROM generate_series(0, backfill.last - greatest(backfill.first, %(kept_from)s)) AS ago
        WHERE NOT EXISTS (
            SELECT 1 FROM calls_callday held
            WHERE held.account_id = backfill.account_id AND held.day = backfill.last - ago
                AND (held.fetched_at IS NOT NULL AND NOT held.calls_dropped OR held.fetch_again_at > %(now)s)
        ) AND NOT EXISTS (
            SELECT 1 FROM unnest(%(accounts)s::bigint[], %(days)s::date[]) AS left_over (account_id, day)
            WHERE left_over.account_id = backfill.account_id AND left_over.day = backfill.last - ago
        )
        ORDER BY ago LIMIT 1
    ) missing
    WHERE backfill.ended_at IS NULL AND account.switch_id = %(switch)s
"""
# A backfill ends when all its days are here that are kept, or when none has come in for long.
END = """
    UPDATE calls_backfill backfill
    SET ended_at = %(at)s, left_out = counted.missing
    FROM (
        SELECT open.id, open.last - open.first + 1 - count(held.id) AS missing,
            greatest(0, open.last - greatest(open.first, %(kept_from)s) + 1)
                - count(held.id) FILTER (WHERE held.day >= %(kept_from)s) AS to_come
        FROM calls_backfill open
        JOIN accounts_account account ON account.id = open.account_id
        LEFT JOIN calls_callday held ON held.account_id = open.account_id
            AND held.day BETWEEN open.first AND open.last AND held.fetched_at IS NOT NULL AND NOT held.calls_dropped
        WHERE open.ended_at IS NULL AND account.switch_id = %(switch)s
        GROUP BY open.id
    ) counted
    WHERE backfill.id = counted.id AND (counted.to_come = 0 OR backfill.progressed_at < %(given_up)s)
    RETURNING backfill.account_id, backfill.first, backfill.last, backfill.left_out
"""


@dataclass
class Worked:
    """What one slot did. `is_more`: there are days for another slot.

    `left` are account-days that other processes were fetching, or that wait for the next slot.
    """

    days: int = 0
    calls: int = 0
    failed: int = 0
    is_more: bool = False
    left: list[tuple[int, date]] = field(default_factory=list)

    def __str__(self) -> str:
        return f"{self.days} days with {self.calls} calls, {self.failed} failed"


def run_slot(*, switch: Switch, now: datetime, slot: timedelta = SLOT) -> Worked:
    """Fetch for the length of a slot; the days that are left then wait behind other work that is due by then."""
    worked = Worked()
    if quiet_hours.goes_on_at(switch=switch, now=now):
        # A backfill is given up when the switch does not give it, not when the switch is not asked.
        Backfill.objects.filter(account__switch=switch, ended_at__isnull=True).update(progressed_at=now)
        return worked
    try:
        _work_off(switch, Clock(now), worked, slot)
    except Withheld as error:
        logger.info("Days asked for on switch %s wait for the next round: %s", switch, error)
    if worked.is_more:
        backfills.RUN_BACKFILL.enqueue(switch.pk)
    return worked


def _work_off(switch: Switch, clock: Clock, worked: Worked, slot: timedelta) -> None:
    """Fetch one day of each open backfill in turn, the newest first. One process does so at a time."""
    with hold_each([f"backfill:{switch.pk}"], longest=LONGEST_SILENCE) as held:
        if not held:
            return
        try:
            while due := _next_days(switch, clock.now(), worked.left):
                for part in due:
                    if clock.now() - clock.started >= slot:
                        worked.is_more = True
                        return
                    _fetch(part, clock, worked)
        finally:
            _end(switch, clock.now())


def _next_days(switch: Switch, now: datetime, left: Sequence[tuple[int, date]]) -> list[Due]:
    """Choose the next day of each open backfill, the newest first; not those that are left for another slot."""
    with connection.cursor() as cursor:
        parameters: dict[str, Any] = {
            "switch": switch.pk,
            "now": now,
            "kept_from": first_known_day(switch=switch, now=now),
            "accounts": [account for account, _ in left],
            "days": [day for _, day in left],
        }
        cursor.execute(NEXT_DAYS, parameters)
        ids: dict[date, list[int]] = defaultdict(list)
        for account_id, day in cursor.fetchall():
            ids[day].append(account_id)
    accounts = Account.objects.select_related("switch").in_bulk({pk for of_day in ids.values() for pk in of_day})
    return [Due(day, [accounts[pk] for pk in sorted(ids[day])]) for day in sorted(ids, reverse=True)]


def _fetch(due: Due, clock: Clock, worked: Worked) -> None:
    fetched = fetching.fetch_days(
        accounts=due.accounts, first=due.day, last=due.day, now=clock.now(), missing_only=True
    )
    worked.days += fetched.days
    worked.calls += fetched.calls
    worked.failed += len(fetched.failures)
    left = fetched.busy + fetched.postponed
    worked.left += [(account.pk, due.day) for account in left]
    without = {*left, *(failure.account for failure in fetched.failures)}
    came_in = [account for account in due.accounts if account not in without]
    touched = Backfill.objects.filter(account__in=came_in, ended_at__isnull=True)
    touched.filter(first__lte=due.day, last__gte=due.day).update(progressed_at=clock.now())


def _end(switch: Switch, now: datetime) -> None:
    """End the backfills that are complete or given up."""
    with connection.cursor() as cursor:
        given_up, kept_from = now - GIVEN_UP_AFTER, first_known_day(switch=switch, now=now)
        cursor.execute(END, {"switch": switch.pk, "at": now, "given_up": given_up, "kept_from": kept_from})
        for account_id, first, last, left_out in cursor.fetchall():
            if left_out:
                logger.warning("Account %s, %s to %s: %s days could not be fetched", account_id, first, last, left_out)
