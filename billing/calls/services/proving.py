"""Proving days of call records by the switch's own daily report (manual §3.48)."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db.models import Case, Q, Value, When
from django.db.models.functions import Coalesce

from accounts.models import Account, Switch
from billing.calls.models import CallDay, DayState, UnusableReport
from billing.calls.queries.retention import first_compared_day
from billing.calls.services import daily_reports, day_locks, switch_silence
from billing.calls.services.comparing import Stated, note_reports, set_not_known, settle
from billing.calls.services.counting_watch import learn_calendars, watch, without_known_calendar
from billing.calls.services.daily_reports import ACCOUNTS_PER_REQUEST, Reports
from billing.calls.services.fetching import fetch_days
from billing.calls.services.proof_retries import is_due, note_failed_proof
from billing.calls.services.staging import INT_MAX
from billing.lib.amounts import is_money
from billing.lib.days import DAY, day_of
from billing.lib.reasons import Because
from billing.vos3000 import SwitchError

logger = logging.getLogger(__name__)


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
    only_due: bool = False,
) -> Proven:
    """Compare fetched days that are over with the switch's report; those that differ are fetched again and compared.

    A day that differs waits for its turn to be fetched again; with `fetched_before`, only one that was fetched before
    that instant is. With `only_due` an account whose report could not be used waits for its turn to be asked for again;
    the others go on without it. Raises SwitchError; what was compared until then stands.
    """
    first = max(first, first_compared_day(switch=switch, now=now))
    last = min(last, day_of(now, switch.zone) - DAY)
    proven = Proven()
    # That the report has no row of an account which the switch does not list does not say that it had no calls.
    members = [account for account in accounts if account.missing_since is None]
    for begin in range(0, len(members), ACCOUNTS_PER_REQUEST):
        group = members[begin : begin + ACCOUNTS_PER_REQUEST]
        differing = _compare(switch, _fetched(group, first, last), now, proven, only_due=only_due)
        due = [row for row in differing if is_due(row, now) and _is_older(row, fetched_before)]
        try:
            fetched = _fetch_again(due, now)
            compared = _compare(switch, fetched, now, proven, only_due=only_due)
            still = _without_contradictions(switch, compared, now, proven)
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


def _compare(
    switch: Switch, days: Sequence[CallDay], now: datetime, proven: Proven, *, only_due: bool = False
) -> list[CallDay]:
    """Compare days with the switch's report and return those that differ. Equal ones are counted into `proven`."""
    if not days:
        return []
    reports = daily_reports.read(switch=switch, days=days, now=now, only_due=only_due)
    without_report, days = _leave_out(days, reports, now)
    proven.without_report += without_report
    stated = {key: sums for key, sums in reports.stated.items() if key not in reports.unusable}
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


def _leave_out(days: Sequence[CallDay], reports: Reports, now: datetime) -> tuple[list[CallDay], list[CallDay]]:
    """Set apart the days of which the report says nothing that can be used; return them, and those to compare."""
    for key, sums in list(reports.stated.items()):
        if abs(sums.calls) > INT_MAX or not is_money(sums.fee):
            reports.unusable[key] = Because(UnusableReport.IMPOSSIBLE, {"calls": sums.calls, "fee": str(sums.fee)})
    asked = [row for row in days if row.account_id in reports.asked]
    unusable = [row for row in asked if _key(row) in reports.unusable]
    unknown = [row for row in asked if _key(row) in reports.unknown and _key(row) not in reports.unusable]
    left_out = {*unusable, *unknown}
    with day_locks.held(left_out):
        for row in unusable:
            # What cannot be compared now is proven no longer.
            state = Case(When(state=DayState.PROVEN, then=Value(DayState.FETCHED)), default="state")
            _note_unusable_report(row, reports.unusable[_key(row)], now, state=state)
        for row in unknown:
            # Nothing was said of the day, so a proof of it stands.
            if row.state == DayState.PROVEN:
                CallDay.objects.filter(pk=row.pk).update(checked_at=now)
            else:
                _note_unusable_report(row, reports.unknown[_key(row)], now)
    unproven = [row for row in left_out if row not in unknown or row.state != DayState.PROVEN]
    note_failed_proof([row for row in unproven if is_due(row, now)], now)
    return unproven, [row for row in asked if row not in left_out]


def _note_unusable_report(row: CallDay, why: Because, now: datetime, **changes: Any) -> None:
    """Note that what the switch reports of a day cannot be used. It is not fetched again: that would not help."""
    logger.warning("Account %s, %s: the report cannot be used. %s", row.account_id, row.day, why)
    since = Coalesce("unproven_since", now)
    days = CallDay.objects.filter(pk=row.pk)
    days.update(checked_at=now, unusable_report=why, unproven_since=since, **changes)


def _key(row: CallDay) -> tuple[int, date]:
    return row.account_id, row.day
