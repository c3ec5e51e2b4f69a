"""What an account costs a day: its calls, its customers' calls if it is an agent, and charges."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db.models import Sum
from django.db.models.functions import TruncDate

from accounts.models import Account
from billing.balances.models import Charge
from billing.calls.models import Call, CallDay
from billing.lib.amounts import ZERO
from billing.lib.days import begin_of, day_of, each_day, end_of


def daily_cost(*, account: Account, last_days: int = 30, now: datetime) -> list[tuple[date, Decimal]]:
    """Return the cost of each of the last days of the switch's calendar, today last.

    A day that was never fetched counts its charges alone.
    """
    last = day_of(now, account.switch.zone)
    first = last - timedelta(days=last_days - 1)
    costs = _costs(account, first, last)
    return [(day, costs.get(day, ZERO)) for day in each_day(first, last)]


def month_cost(*, account: Account, now: datetime) -> Decimal:
    """Return what the account has cost since the first of the month on the switch's calendar."""
    today = day_of(now, account.switch.zone)
    return sum(_costs(account, today.replace(day=1), today).values(), ZERO)


def today_charges(*, account: Account, now: datetime) -> Decimal | None:
    """Return today's charges as the switch last stated them; None when it did so before midnight of its calendar."""
    zone, read_at = account.switch.zone, account.today_at
    is_of_today = read_at is not None and day_of(read_at, zone) == day_of(now, zone)
    return account.today_charges if is_of_today else None


def _costs(account: Account, first: date, last: date) -> dict[date, Decimal]:
    zone = account.switch.zone
    costs: dict[date, Decimal] = dict(
        CallDay.objects.filter(account=account, day__range=(first, last)).values_list("day", "fee")
    )
    charges = (
        Charge.objects.filter(account=account, charged_at__gte=begin_of(first, zone), charged_at__lt=end_of(last, zone))
        .values_list(TruncDate("charged_at", tzinfo=zone))
        .annotate(Sum("amount"))
    )
    for day, amount in [*charges, *_agent_fees(account, first, last)]:
        costs[day] = costs.get(day, ZERO) + amount
    return costs


def _agent_fees(account: Account, first: date, last: date) -> list[tuple[date, Decimal]]:
    """What its customers' calls cost an agent, by the day they end: that is when the balance goes down."""
    if not account.is_agent:
        return []
    zone = account.switch.zone
    calls = Call.objects.filter(
        switch=account.switch,
        agent_number=account.number,
        ended_at__gte=begin_of(first, zone),
        ended_at__lt=end_of(last, zone),
    )
    return list(calls.values_list(TruncDate("ended_at", tzinfo=zone)).annotate(Sum("agent_fee")))
