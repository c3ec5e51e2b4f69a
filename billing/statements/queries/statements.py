"""An account's months on the calendar of its switch, as statements tell them. The switch is never asked here."""

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
from billing.lib.days import DAY, begin_of, day_of, end_of
from billing.statements.queries.balance import Missing, Story, Sums, explain
from billing.statements.queries.payments import Listed, listed

EARLIEST = date(2000, 1, 1)


class NoSuchMonth(Exception):
    """One that has not begun, or from before anything is known of the account."""


@dataclass(frozen=True)
class Month:
    """`days` are those of it that are over; `closing` the balance after the last that is reconciled."""

    begin: date
    is_over: bool
    days: int
    reconciled: int
    differs: bool
    closing: Decimal | None


@dataclass(frozen=True)
class Calls:
    """The days that were fetched, in order, and how many were not."""

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
    """A month's days from `first` to `last`, which are over. `last` is before `first` while the first day goes on.

    `earlier` and `later` are the months beside it, where there are statements of them.
    """

    month: date
    first: date
    last: date
    is_over: bool
    earlier: date | None
    later: date | None
    story: Story
    listed: Listed
    calls: Calls

    @property
    def sums(self) -> Sums | None:
        return self.story.sums

    @property
    def missing(self) -> list[Missing]:
        """Days that are not reconciled, in order."""
        return [entry for entry in reversed(self.story.entries) if isinstance(entry, Missing) and entry.days]

    @property
    def cases(self) -> list[Case]:
        """What nothing explains, in order."""
        told = [case for day in reversed(self.story.days) if day.differs for case in day.cases]
        return [*told, *reversed(self.story.loose)]

    @property
    def listed_apart(self) -> Decimal:
        """By how much more the list of payments and charges comes to than the sums, where both are of the same days."""
        if self.sums is None or self.missing:
            return ZERO
        return self.listed.sum - (self.sums.payments - self.sums.charges)

    @property
    def calls_apart(self) -> Decimal:
        """The same of the calls."""
        return ZERO if self.sums is None or self.missing else self.calls.fee - self.sums.calls


def statement(*, account: Account, month: date, now: datetime) -> Statement:
    """`month` is its first day. Raises NoSuchMonth."""
    zone = account.switch.zone
    today = day_of(now, zone)
    begin = _first_day(account, today).replace(day=1)
    if not begin <= month <= today:
        raise NoSuchMonth
    following = next_month(month)
    last_of_month = following - DAY
    first, last = max(month, _opened(account, month)), min(last_of_month, today - DAY)
    return Statement(
        month=month,
        first=first,
        last=last,
        is_over=last_of_month < today,
        earlier=(month - DAY).replace(day=1) if month > begin else None,
        later=following if following <= today else None,
        story=explain(account=account, first=first, last=last, now=now),
        listed=listed(account=account, begin=begin_of(first, zone), end=end_of(max(last, first - DAY), zone)),
        calls=_calls(account, first, last),
    )


def years(*, account: Account, now: datetime) -> list[int]:
    """Those of which there are statements, the last first."""
    today = day_of(now, account.switch.zone)
    return list(range(today.year, _first_day(account, today).year - 1, -1))


def months(*, account: Account, year: int, now: datetime) -> list[Month]:
    """Of one of `years`, the last first."""
    today = day_of(now, account.switch.zone)
    first = max(date(year, 1, 1), _first_day(account, today).replace(day=1))
    last = min(date(year, 12, 31), today)
    told = explain(account=account, first=first, last=last, now=now)
    begins = [date(year, number, 1) for number in range(last.month, first.month - 1, -1)]
    return [_month(account, begin, told, today) for begin in begins]


def next_month(month: date) -> date:
    return (month + 31 * DAY).replace(day=1)


def _month(account: Account, begin: date, told: Story, today: date) -> Month:
    zone, end = account.switch.zone, next_month(begin)
    days = [day for day in reversed(told.days) if begin <= day.day < end]
    loose = [
        case for case in told.loose if case.ends_at >= begin_of(begin, zone) and case.begins_at < begin_of(end, zone)
    ]
    first = max(begin, _opened(account, begin))
    return Month(
        begin=begin,
        is_over=end <= today,
        days=max((min(end, today) - first).days, 0),
        reconciled=len(days),
        differs=bool(loose) or any(day.differs or day.later for day in days),
        closing=days[-1].row.closing if days else None,
    )


def _opened(account: Account, otherwise: date) -> date:
    return day_of(account.opened_at, account.switch.zone) if account.opened_at else otherwise


def _first_day(account: Account, today: date) -> date:
    """From which on something is known; today where nothing is."""
    zone = account.switch.zone
    payments, charges = Payment.objects.filter(account=account), Charge.objects.filter(account=account)
    fetched = CallDay.objects.filter(account=account, fetched_at__isnull=False)
    reconciled = Reconciliation.objects.filter(account=account)
    instants = (_least(payments, "paid_at"), _least(charges, "charged_at"))
    days: list[date | None] = [_least(fetched, "day"), _least(reconciled, "day")]
    days += [day_of(at, zone) for at in instants if at]
    known = min([today, *(day for day in days if day)])
    return min(today, max(known, EARLIEST, _opened(account, EARLIEST)))


def _least(rows: QuerySet[Any], field: str) -> Any:
    return rows.aggregate(least=Min(field))["least"]


def _calls(account: Account, first: date, last: date) -> Calls:
    rows = CallDay.objects.filter(account=account, day__range=(first, last), fetched_at__isnull=False).order_by("day")
    days = list(rows)
    return Calls(days, missing=max((last - first).days + 1, 0) - len(days))
