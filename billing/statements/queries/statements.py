"""Monthly statements of an account, by the calendar of its switch. The switch is never asked here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Min, QuerySet

from accounts.models import Account
from billing.balances.models import Case, Charge, Payment, Reconciliation
from billing.calls.models import CallDay, DayState
from billing.lib.amounts import ZERO
from billing.lib.days import DAY, MONTH, begin_of, day_of, end_of
from billing.statements.queries.balance import Explanation, Missing, Sums, explain
from billing.statements.queries.payments import EntryList, entries_between

EARLIEST = date(2000, 1, 1)


class NoSuchMonth(Exception):
    """The month has not begun, or is from before anything is known of the account."""


@dataclass(frozen=True)
class Month:
    """A month at a glance. `days` counts those that are over, `closing` is the balance after the last reconciled."""

    begin: date
    is_over: bool
    days: int
    reconciled: int
    differs: bool
    closing: Decimal | None


@dataclass(frozen=True)
class Calls:
    """Calls of a month by day: the days that were fetched, in order, and how many were not."""

    days: list[CallDay]
    missing: int

    @property
    def number(self) -> int:
        return sum(day.calls for day in self.days)

    @property
    def talk_seconds(self) -> int:
        return sum(day.talk_seconds for day in self.days)

    @property
    def billed_seconds(self) -> int:
        return sum(day.billed_seconds for day in self.days)

    @property
    def fee(self) -> Decimal:
        return sum((day.fee for day in self.days), ZERO)

    @property
    def unreadable(self) -> int:
        return sum(day.unreadable for day in self.days)

    @property
    def proven(self) -> int:
        return sum(day.state == DayState.PROVEN for day in self.days)


@dataclass(frozen=True, kw_only=True)
class Statement:
    """A month's days from `first` to `last`, which are over; `last` is before `first` on the first day of the month.

    `earlier` and `later` are the months beside it of which there are statements too.
    """

    month: date
    first: date
    last: date
    is_over: bool
    earlier: date | None
    later: date | None
    explanation: Explanation
    entries: EntryList
    calls: Calls

    @property
    def sums(self) -> Sums | None:
        return self.explanation.sums

    @property
    def missing(self) -> list[Missing]:
        """Days that are not reconciled, in order."""
        return [entry for entry in reversed(self.explanation.entries) if isinstance(entry, Missing) and entry.days]

    @property
    def cases(self) -> list[Case]:
        """Differences that nothing explains, in order."""
        of_days = [case for day in reversed(self.explanation.days) if day.differs for case in day.cases]
        return [*of_days, *reversed(self.explanation.other_cases)]

    @property
    def entries_difference(self) -> Decimal:
        """By how much more the listed payments and charges come to than the sums, where both are of the same days."""
        if self.sums is None or self.missing:
            return ZERO
        return self.entries.sum - (self.sums.payments - self.sums.charges)

    @property
    def calls_difference(self) -> Decimal:
        """By how much more the calls by day come to than those of the sums, where both are of the same days."""
        return ZERO if self.sums is None or self.missing else self.calls.fee - self.sums.calls


def statement(*, account: Account, month: date, now: datetime) -> Statement:
    """Read the statement of the month that begins on the day `month`. Raises NoSuchMonth."""
    zone = account.switch.zone
    today = day_of(now, zone)
    begin = _first_day(account, today).replace(day=1)
    if not begin <= month <= today:
        raise NoSuchMonth
    following = month + MONTH
    last_of_month = following - DAY
    first, last = max(month, _day_opened(account, month)), min(last_of_month, today - DAY)
    return Statement(
        month=month,
        first=first,
        last=last,
        is_over=last_of_month < today,
        earlier=month - MONTH if month > begin else None,
        later=following if following <= today else None,
        explanation=explain(account=account, first=first, last=last, now=now),
        entries=entries_between(account=account, begin=begin_of(first, zone), end=end_of(max(last, first - DAY), zone)),
        calls=_calls(account, first, last),
    )


def years(*, account: Account, now: datetime) -> list[int]:
    """Return the years of which there are statements, the last one first."""
    today = day_of(now, account.switch.zone)
    return list(range(today.year, _first_day(account, today).year - 1, -1))


def months(*, account: Account, year: int, now: datetime) -> list[Month]:
    """Return the months of one of these `years`, the last one first."""
    today = day_of(now, account.switch.zone)
    first = max(date(year, 1, 1), _first_day(account, today).replace(day=1))
    last = min(date(year, 12, 31), today)
    explanation = explain(account=account, first=first, last=last, now=now)
    begins = [date(year, number, 1) for number in range(last.month, first.month - 1, -1)]
    return [_month(account, begin, explanation, today) for begin in begins]


def _month(account: Account, begin: date, year: Explanation, today: date) -> Month:
    zone, end = account.switch.zone, begin + MONTH
    days = [day for day in reversed(year.days) if begin <= day.day < end]
    begins_at, ends_at = begin_of(begin, zone), begin_of(end, zone)
    has_other_cases = any(case.ends_at >= begins_at and case.begins_at < ends_at for case in year.other_cases)
    first = max(begin, _day_opened(account, begin))
    return Month(
        begin=begin,
        is_over=end <= today,
        days=max((min(end, today) - first).days, 0),
        reconciled=len(days),
        differs=has_other_cases or any(day.differs or day.later_cases for day in days),
        closing=days[-1].row.closing if days else None,
    )


def _day_opened(account: Account, otherwise: date) -> date:
    return day_of(account.opened_at, account.switch.zone) if account.opened_at else otherwise


def _first_day(account: Account, today: date) -> date:
    """The first day of which something is known; today where nothing is."""
    zone = account.switch.zone
    payments, charges = Payment.objects.filter(account=account), Charge.objects.filter(account=account)
    fetched = CallDay.objects.filter(account=account, fetched_at__isnull=False)
    reconciled = Reconciliation.objects.filter(account=account)
    instants = (_least(payments, "paid_at"), _least(charges, "charged_at"))
    days: list[date | None] = [_least(fetched, "day"), _least(reconciled, "day")]
    days += [day_of(at, zone) for at in instants if at]
    known = min([today, *(day for day in days if day)])
    return min(today, max(known, EARLIEST, _day_opened(account, EARLIEST)))


def _least(rows: QuerySet[Any], field: str) -> Any:
    return rows.aggregate(least=Min(field))["least"]


def _calls(account: Account, first: date, last: date) -> Calls:
    rows = CallDay.objects.filter(account=account, day__range=(first, last), fetched_at__isnull=False).order_by("day")
    days = list(rows)
    return Calls(days, missing=max((last - first).days + 1, 0) - len(days))
