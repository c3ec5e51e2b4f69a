"""Which stretches of an account's past are known without a gap: its calls, its payments and its charges."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime

from accounts.models import Account
from billing.balances.models import Stream, SyncMark
from billing.calls.models import CallDay, DayState
from billing.lib.days import DAY, begin_of, each_day, end_of


@dataclass(frozen=True)
class Stretch:
    """A stretch of time over which calls, payments and charges are all known.

    `whole_days` are the days in it that are surely whole: the day before each is known too, whose late calls end in it.
    """

    begin: datetime
    end: datetime
    whole_days: list[date]


def stretches(*, account: Account, first: date, last: date, until: datetime) -> list[Stretch]:
    """Return the known stretches of the days asked for and the day before them, up to `until` at the latest.

    An agent also pays for its customers' calls, so that those must be known as well.
    """
    marks = list(SyncMark.objects.filter(account=account))
    if account.is_agent and _has_unread_profiles(account):
        return []
    if len(marks) < len(Stream):
        return []
    earliest = max(mark.complete_from for mark in marks)
    latest = min(until, *(mark.complete_until for mark in marks))
    zone = account.switch.zone
    found = []
    for days, known_until in _runs(account, first, last):
        begin, end = max(begin_of(days[0], zone), earliest), min(known_until, latest)
        whole = [day for day in days[1:] if begin_of(day, zone) >= begin and end_of(day, zone) <= end and day >= first]
        if begin < end:
            found.append(Stretch(begin, end, whole))
    return found


def _has_unread_profiles(agent: Account) -> bool:
    """Whether accounts are known from a list of balances alone: any of them may be the agent's customer."""
    on_switch = Account.objects.filter(switch=agent.switch, profile_at__isnull=True, missing_since__isnull=True)
    return on_switch.exclude(pk=agent.pk).exists()


def _runs(account: Account, first: date, last: date) -> list[tuple[list[date], datetime]]:
    """Runs of days that are known, each with the instant up to which its last day is known."""
    known = _known_until(account, first - DAY, last)
    runs: list[tuple[list[date], datetime]] = []
    days: list[date] = []
    for day in each_day(first - DAY, last):
        if day in known:
            days.append(day)
        if days and (day not in known or day == last or known[day] < end_of(day, account.switch.zone)):
            runs.append((days, known[days[-1]]))
            days = []
    return runs


def _known_until(account: Account, first: date, last: date) -> dict[date, datetime]:
    members = {account.pk, *account.children.filter(missing_since__isnull=True).values_list("pk", flat=True)}
    rows: dict[date, list[CallDay]] = defaultdict(list)
    usable = CallDay.objects.filter(account__in=members, day__range=(first, last), unreadable=0)
    for row in usable.filter(state__in=[DayState.FETCHED, DayState.NOT_KNOWN, DayState.PROVEN]):
        rows[row.day].append(row)
    return {
        day: min(_row_known_until(row, end_of(day, account.switch.zone)) for row in of_day)
        for day, of_day in rows.items()
        if len(of_day) == len(members)
    }


def _row_known_until(row: CallDay, end: datetime) -> datetime:
    if row.state == DayState.PROVEN or row.fetched_at is None:
        return end
    return min(row.fetched_at, end)
