"""How a balance came about over days of the switch's calendar, as reconciled. The switch is never asked here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

from django.db.models import Q, Sum

from accounts.models import Account
from billing.balances.models import Case, Payment, Reconciliation
from billing.lib.amounts import ZERO
from billing.lib.days import DAY, begin_of, day_of, end_of

# What is left of a case that was closed, and what many rounded fees add up to, is below this.
ROUNDING = Decimal("0.001")


@dataclass(frozen=True)
class Day:
    """A reconciled day. `cases` came to light in it; open `later_cases` came to light after it and may lie in it."""

    row: Reconciliation
    cases: list[Case] = field(default_factory=list)
    later_cases: list[Case] = field(default_factory=list)

    @property
    def day(self) -> date:
        return self.row.day

    @property
    def change(self) -> Decimal:
        return self.row.closing - self.row.opening

    @property
    def found(self) -> Decimal:
        """What its cases come to."""
        return sum((case.difference for case in self.cases), ZERO)

    @property
    def differs(self) -> bool:
        """Whether it has a difference that the rounding of fees does not explain; such a difference has a case."""
        if any(case.closed_at is None for case in self.cases):
            return True
        return bool(self.cases) and abs(self.row.difference) > ROUNDING


@dataclass(frozen=True)
class Missing:
    """Days in a row that are not reconciled, and how the balance moved over them where it is known on both sides.

    Without any days (`last` before `first`) it stands between two days that were worked out apart and do not meet.
    """

    first: date
    last: date
    moved: Decimal | None

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1


@dataclass(frozen=True, kw_only=True)
class Sums:
    """What the reconciled days from `first` to `last` come to.

    opening + payments − calls − agent_fees − charges + unexplained + rounding + missing = closing. The payments fall
    into `top_ups` and `deductions`; None where the payments known by now are no longer those of the rows.
    """

    first: date
    last: date
    opening: Decimal
    payments: Decimal
    top_ups: Decimal | None
    deductions: Decimal | None
    calls: Decimal
    agent_fees: Decimal
    charges: Decimal
    unexplained: Decimal
    rounding: Decimal
    missing: Decimal
    closing: Decimal


@dataclass(frozen=True)
class Explanation:
    """How a balance came about: the days of a range and those missing among them, the newest first.

    `other_cases` are open and came to light in none of these days. `in_progress` says that the range reaches to today,
    which cannot be reconciled before it is over.
    """

    entries: list[Day | Missing]
    sums: Sums | None
    other_cases: list[Case]
    in_progress: bool

    @property
    def days(self) -> list[Day]:
        return [entry for entry in self.entries if isinstance(entry, Day)]


def explain(*, account: Account, first: date, last: date, now: datetime) -> Explanation:
    """Explain the balance over the days asked for, without those before the account was opened."""
    zone = account.switch.zone
    today = day_of(now, zone)
    if account.opened_at:
        first = max(first, day_of(account.opened_at, zone))
    in_progress = first <= today <= last
    rows = list(Reconciliation.objects.filter(account=account, day__range=(first, last)).order_by("day"))
    cases = _cases(account, first, last)
    days = [_day(row, cases, zone) for row in rows]
    listed = {day.day for day in days}
    other_cases = [case for case in cases if case.closed_at is None and day_of(case.ends_at, zone) not in listed]
    return Explanation(
        entries=_entries(days, first, min(last, today - DAY))[::-1],
        sums=_sums(account, days) if days else None,
        other_cases=other_cases[::-1],
        in_progress=in_progress,
    )


def _cases(account: Account, first: date, last: date) -> list[Case]:
    begin, end = begin_of(first, account.switch.zone), end_of(last, account.switch.zone)
    cases = Case.objects.filter(account=account, ends_at__gte=begin, begins_at__lt=end)
    return list(cases.order_by("ends_at", "id"))


def _day(row: Reconciliation, cases: Sequence[Case], zone: ZoneInfo) -> Day:
    begin, end = begin_of(row.day, zone), end_of(row.day, zone)
    return Day(
        row,
        cases=[case for case in cases if begin <= case.ends_at < end],
        later_cases=[case for case in cases if case.closed_at is None and case.begins_at < end <= case.ends_at],
    )


def _entries(days: Sequence[Day], first: date, last: date) -> list[Day | Missing]:
    """Join the days with what is missing before, between and after them."""
    if not days:
        return [Missing(first, last, None)] if first <= last else []
    entries: list[Day | Missing] = []
    if first < days[0].day:
        entries.append(Missing(first, days[0].day - DAY, None))
    for day, following in pairwise(days):
        missing = Missing(day.day + DAY, following.day - DAY, following.row.opening - day.row.closing)
        entries += [day, missing] if missing.days or missing.moved else [day]
    entries.append(days[-1])
    if days[-1].day < last:
        entries.append(Missing(days[-1].day + DAY, last, None))
    return entries


def _sums(account: Account, days: Sequence[Day]) -> Sums:
    rows = [day.row for day in days]
    payments = sum((row.payments for row in rows), ZERO)
    top_ups, deductions = _payments_of(account, rows)
    is_whole = top_ups + deductions == payments
    return Sums(
        first=rows[0].day,
        last=rows[-1].day,
        opening=rows[0].opening,
        payments=payments,
        top_ups=top_ups if is_whole else None,
        deductions=deductions if is_whole else None,
        calls=sum((row.calls for row in rows), ZERO),
        agent_fees=sum((row.agent_fees for row in rows), ZERO),
        charges=sum((row.charges for row in rows), ZERO),
        unexplained=sum((day.row.difference for day in days if day.differs), ZERO),
        rounding=sum((day.row.difference for day in days if not day.differs), ZERO),
        missing=sum((later.opening - row.closing for row, later in pairwise(rows)), ZERO),
        closing=rows[-1].closing,
    )


def _payments_of(account: Account, rows: Sequence[Reconciliation]) -> tuple[Decimal, Decimal]:
    """What was paid in over the days of these rows, and what was taken, which is negative."""
    paid = Payment.objects.filter(account=account)
    within = Q()
    for first, last in _runs([row.day for row in rows]):
        begin, end = begin_of(first, account.switch.zone), end_of(last, account.switch.zone)
        within |= Q(paid_at__gte=begin, paid_at__lt=end)
    sums = paid.filter(within).aggregate(
        top_ups=Sum("amount", filter=Q(amount__gt=0), default=ZERO),
        deductions=Sum("amount", filter=Q(amount__lt=0), default=ZERO),
    )
    return sums["top_ups"], sums["deductions"]


def _runs(days: Sequence[date]) -> list[tuple[date, date]]:
    """The first and the last day of each run of days."""
    begins = [day for before, day in pairwise(days) if before + DAY != day]
    ends = [before for before, day in pairwise(days) if before + DAY != day]
    return list(zip([days[0], *begins], [*ends, days[-1]], strict=True))
