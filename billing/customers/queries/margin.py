"""Says what an agent earns with the calls of the accounts directly below it. The switch is never asked here.

An agent is charged its own fee for each call of its customers (manual §3.47, `agentFee`); the margin is what they are
charged for it less that. Calls count where a balance counts them: on the day of the switch's calendar they end.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import TruncDate

from accounts.models import Account
from billing.calls.models import Call, CallDay
from billing.lib.amounts import ZERO
from billing.lib.days import begin_of, day_of, each_day, end_of

MOST_LISTED = 500
SUMS = {"calls": Count("id", filter=Q(talk_seconds__gt=0)), "earned": Sum("fee"), "paid": Sum("agent_fee")}


@dataclass(frozen=True, kw_only=True)
class Margin:
    """Sums over some calls: `earned` is what customers were charged, `paid` what the agent was charged for the same.

    `calls` counts the answered ones.
    """

    calls: int = 0
    earned: Decimal = ZERO
    paid: Decimal = ZERO

    @property
    def amount(self) -> Decimal:
        return self.earned - self.paid

    @property
    def share(self) -> Decimal | None:
        """The margin as a part of what was earned; None where nothing was."""
        return self.amount / self.earned if self.earned > 0 else None


@dataclass(frozen=True, kw_only=True)
class MarginsOfCustomers:
    """At most MOST_LISTED customers, the largest margin first, and the total of all.

    `is_partial` says that calls of some of the days are not fetched yet.
    """

    customers: list[tuple[Account, Margin]]
    total: Margin
    is_partial: bool


@dataclass(frozen=True, kw_only=True)
class MarginsOfDays:
    """The days of one customer that have calls, the newest first."""

    days: list[tuple[date, Margin]]
    total: Margin
    is_partial: bool


def by_customer(*, agent: Account, first: date, last: date, today: date) -> MarginsOfCustomers:
    """Sum up by those who are the agent's customers now: it no longer sees accounts that left its tree."""
    rows = _calls(agent, first, last).filter(account__parent=agent).values_list("account_id").annotate(**SUMS)
    margins = {account_id: _margin(sums) for account_id, *sums in rows}
    accounts = Account.objects.filter(pk__in=margins).select_related("switch")
    listed = sorted(((account, margins[account.pk]) for account in accounts), key=_largest_first)
    children = agent.children.filter(missing_since__isnull=True)
    return MarginsOfCustomers(
        customers=listed[:MOST_LISTED],
        total=_sum(margins.values()),
        is_partial=_lacks_days(children, first, min(last, today)),
    )


def by_day(*, agent: Account, customer: Account, first: date, last: date, today: date) -> MarginsOfDays:
    """Sum up the days of one customer, in the calendar of the switch."""
    day = TruncDate("ended_at", tzinfo=agent.switch.zone)
    rows = _calls(agent, first, last).filter(account=customer).values_list(day).annotate(**SUMS)
    days = {ended: _margin(sums) for ended, *sums in rows}
    return MarginsOfDays(
        days=sorted(days.items(), reverse=True),
        total=_sum(days.values()),
        is_partial=_lacks_days([customer], first, min(last, today)),
    )


def _calls(agent: Account, first: date, last: date) -> QuerySet[Call]:
    """Find the calls for which this agent was charged, and no other above or below it."""
    zone = agent.switch.zone
    return Call.objects.filter(
        switch=agent.switch,
        agent_number=agent.number,
        ended_at__gte=begin_of(first, zone),
        ended_at__lt=end_of(last, zone),
    )


def _lacks_days(accounts: Iterable[Account], first: date, last: date) -> bool:
    days = len(list(each_day(first, last)))
    fetched = CallDay.objects.filter(account__in=accounts, day__range=(first, last), fetched_at__isnull=False)
    counts = dict(fetched.values_list("account_id").annotate(Count("id")))
    return any(counts.get(account.pk, 0) < days - _days_before_opening(account, first, last) for account in accounts)


def _days_before_opening(account: Account, first: date, last: date) -> int:
    """Count the days of this range that were over before the account was opened."""
    if account.opened_at is None:
        return 0
    opened = day_of(account.opened_at, account.switch.zone)
    return min(max((opened - first).days, 0), (last - first).days + 1)


def _margin(sums: list[object]) -> Margin:
    calls, earned, paid = sums
    return Margin(calls=int(str(calls)), earned=Decimal(str(earned or 0)), paid=Decimal(str(paid or 0)))


def _sum(margins: Iterable[Margin]) -> Margin:
    total = Margin()
    for one in margins:
        total = Margin(calls=total.calls + one.calls, earned=total.earned + one.earned, paid=total.paid + one.paid)
    return total


def _largest_first(row: tuple[Account, Margin]) -> tuple[Decimal, str]:
    return -row[1].amount, row[0].number
