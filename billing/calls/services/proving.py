"""Proving days of call records by the switch's own daily report (manual §3.48)."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from django.db.models import Case, Q, Value, When
from django.db.models.functions import Coalesce

from accounts.models import Account, Switch
from billing.calls.models import CallDay, DayState, UnusableReport
from billing.calls.queries.retention import first_compared_day
from billing.calls.services import day_locks, switch_silence
from billing.calls.services.comparing import Stated, note_reports, set_not_known, settle
from billing.calls.services.counting_watch import learn_calendars, watch, without_known_calendar
from billing.calls.services.fetching import fetch_days
from billing.calls.services.proof_retries import is_due, note_failed_proof
from billing.calls.services.staging import INT_MAX
from billing.lib.amounts import is_money
from billing.lib.days import DAY, day_of
from billing.lib.instants import from_millis
from billing.lib.reasons import Because
from billing.switches.services.clients import client
from billing.vos3000 import SwitchError
from billing.vos3000.operations.reports import get_report_customer_fee

logger = logging.getLogger(__name__)

ACCOUNTS_PER_REQUEST = 50


@dataclass
class Proven:
    """Account-days that agree with the report, those that differ, and those whose report cannot be used.

    Of those that are `not_known` it is not known yet by which rule the switch counts them.
    """

    proven: int = 0
    not_known: int = 0
    differing: list[CallDay] = field(default_factory=list)
    without_report: list[CallDay] = field(default_factory=list)

    def add(self, other: Proven) -> None:
        self.proven += other.proven
        self.not_known += other.not_known
        self.differing += other.differing
        self.without_report += other.without_report


def prove_days(
    *,
    switch: Switch,
    accounts: Iterable[Account],
    first: date,
    last: date,
    now: datetime,
    fetched_before: datetime | None = None,
) -> Proven:
    """Compare fetched days that are over with the switch's report; those that differ are fetched again and compared.

    A day that differs waits for its turn to be fetched again; with `fetched_before`, only one that was fetched before
    that instant is. Raises SwitchError; what was compared until then stands.
    """
    first = max(first, first_compared_day(switch=switch, now=now))
    last = min(last, day_of(now, switch.zone) - DAY)
    proven = Proven()
    # That the report has no row of an account which the switch does not list does not say that it had no calls.
    members = [account for account in accounts if account.missing_since is None]
    for begin in range(0, len(members), ACCOUNTS_PER_REQUEST):
        group = members[begin : begin + ACCOUNTS_PER_REQUEST]
        differing = _compare(switch, _fetched(group, first, last), now, proven)
        due = [row for row in differing if is_due(row, now) and _is_older(row, fetched_before)]
        try:
            fetched = _fetch_again(due, now)
            still = _without_contradictions(switch, _compare(switch, fetched, now, proven), now, proven)
        except SwitchError:
            # What was fetched now waits for its next turn, or the other days would never have theirs.
            note_failed_proof(_tried(due, now), now)
            raise
        note_failed_proof(still, now)
        proven.differing += [row for row in differing if row not in fetched] + still
    return proven


def _is_older(row: CallDay, than: datetime | None) -> bool:
    return than is None or row.fetched_at is None or row.fetched_at < than


def _fetched(accounts: Sequence[Account], first: date, last: date) -> list[CallDay]:
    days = CallDay.objects.filter(account__in=accounts, day__range=(first, last), fetched_at__isnull=False)
    return list(days.select_related("account__switch"))


def _fetch_again(days: Iterable[CallDay], now: datetime) -> list[CallDay]:
    """Fetch days again, and return those to compare now: not those that other processes fetch, or that wait."""
    tried: list[CallDay] = []
    by_day: dict[date, list[CallDay]] = defaultdict(list)
    for row in days:
        by_day[row.day].append(row)
    for day, rows in by_day.items():
        fetched = fetch_days(accounts=[row.account for row in rows], first=day, last=day, now=now)
        tried += [row for row in rows if row.account not in fetched.busy + fetched.postponed]
    return tried


def _tried(days: Iterable[CallDay], now: datetime) -> list[CallDay]:
    """Find which of these days were asked for just now, whether or not they could be fetched."""
    at = Q(fetched_at=now) | Q(failed_at=now, failures__gt=0)
    return list(CallDay.objects.filter(at, pk__in=[row.pk for row in days]))


def _compare(switch: Switch, days: Sequence[CallDay], now: datetime, proven: Proven) -> list[CallDay]:
    """Compare days with the switch's report and return those that differ. Equal ones are counted into `proven`."""
    if not days:
        return []
    stated = _stated(switch, days)
    impossible = {key: sums for key, sums in stated.items() if abs(sums.calls) > INT_MAX or not is_money(sums.fee)}
    stated = {key: sums for key, sums in stated.items() if key not in impossible}
    unusable = [row for row in days if (row.account_id, row.day) in impossible]
    proven.without_report += _note_unusable_reports(unusable, impossible, now)
    days = [row for row in days if (row.account_id, row.day) not in impossible]
    unreported = {row for row in days if _is_unreported(switch, row, stated, now)}
    with day_locks.held(unreported):
        proven.proven += CallDay.objects.filter(pk__in=[row.pk for row in unreported]).update(checked_at=now)
    noted = note_reports([row for row in days if row not in unreported], stated, now)
    states = settle(switch, noted, now)
    unsure = [row for row in noted if states[row.pk] == DayState.NOT_KNOWN] + without_known_calendar(switch, noted)
    if learn_calendars(switch=switch, days=unsure, now=now):
        states |= settle(switch, unsure, now)
    proven.proven += sum(state == DayState.PROVEN for state in states.values())
    proven.not_known += sum(state == DayState.NOT_KNOWN for state in states.values())
    return [row for row in noted if states[row.pk] == DayState.DIFFERS]


def _without_contradictions(switch: Switch, differing: list[CallDay], now: datetime, proven: Proven) -> list[CallDay]:
    """Return the days that differ by any rule. Of others, it is no longer known how the switch counts them."""
    fresh = list(CallDay.objects.filter(pk__in=[row.pk for row in differing]).select_related("account__switch"))
    speaking = watch(switch=switch, differing=fresh, now=now)
    states = settle(switch, speaking, now)
    left = [row for row in speaking if states[row.pk] == DayState.DIFFERS]
    set_not_known(left, now)
    proven.proven += sum(state == DayState.PROVEN for state in states.values())
    proven.not_known += sum(state == DayState.NOT_KNOWN for state in states.values()) + len(left)
    return [row for row in differing if row not in speaking]


def _is_unreported(switch: Switch, row: CallDay, stated: Mapping[tuple[int, date], Stated], now: datetime) -> bool:
    """Whether the switch may have dropped its report of a proven day: then the proof stands."""
    if row.state != DayState.PROVEN or not row.reported_calls or (row.account_id, row.day) in stated:
        return False
    return switch_silence.may_have_dropped(switch=switch, day=row.day, reported=(day for _, day in stated), now=now)


def _note_unusable_reports(
    days: list[CallDay], impossible: Mapping[tuple[int, date], Stated], now: datetime
) -> list[CallDay]:
    """Note days of which the switch reports what no day can be. They are not fetched again: that would not help."""
    if not days:
        return []
    with day_locks.held(days):
        for row in days:
            stated = impossible[row.account_id, row.day]
            why = Because(UnusableReport.IMPOSSIBLE, {"calls": stated.calls, "fee": str(stated.fee)})
            logger.warning("Account %s, %s: the report cannot be used. %s", row.account_id, row.day, why)
            CallDay.objects.filter(pk=row.pk).update(
                checked_at=now,
                unusable_report=why,
                unproven_since=Coalesce("unproven_since", now),
                # What cannot be compared now is proven no longer.
                state=Case(When(state=DayState.PROVEN, then=Value(DayState.FETCHED)), default="state"),
            )
    note_failed_proof([row for row in days if is_due(row, now)], now)
    return days


def _stated(switch: Switch, days: Sequence[CallDay]) -> dict[tuple[int, date], Stated]:
    """Ask for calls and fee by account and day of the switch's calendar, in one request if the answer allows it."""
    ids = {row.account.number: row.account_id for row in days}
    first, last = min(row.day for row in days), max(row.day for row in days)
    with client(switch) as asking:
        rows = get_report_customer_fee(asking, accounts=list(ids), first=first, last=last)
        if not rows and len(ids) > 1 and any(day.calls for day in days):
            # One account that the switch does not find may be the reason for an answer without rows.
            for number in ids:
                rows += get_report_customer_fee(asking, accounts=[number], first=first, last=last)
    stated: dict[tuple[int, date], Stated] = {}
    for row in rows:
        if row.account in ids:
            key = (ids[row.account], row.day(switch.zone, first=first, last=last))
            others = stated.get(key, Stated(0, Decimal(0), from_millis(row.begin_time)))
            stated[key] = Stated(others.calls + row.cdr_count, others.fee + row.total_fee, others.begins_at)
    return stated
