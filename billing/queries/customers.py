"""An agent's customers as its page lists them. The switch is never asked here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Q, Sum

from accounts.access import descendants
from accounts.models import Account, Switch
from billing.models import CallDay, Charge
from billing.queries.days import begin_of, day_of
from billing.queries.runway import LAST_DAYS

ZERO = Decimal(0)


@dataclass(frozen=True)
class Customer:
    account: Account
    direct: bool
    days_left: int | None


@dataclass(frozen=True)
class Page:
    """In the order of account numbers. `following` is the `after` of the next page, None on the last."""

    customers: list[Customer]
    following: str | None


def page(*, agent: Account, text: str = "", after: str = "", size: int = 100, now: datetime) -> Page:
    """Accounts of every depth below the agent; `text` is a part of the number or of the name."""
    accounts = descendants(agent).select_related("switch", "parent")
    if text:
        accounts = accounts.filter(Q(number__icontains=text) | Q(name__icontains=text))
    if after:
        accounts = accounts.filter(number__gt=after)
    rows = list(accounts.order_by("number")[: size + 1])
    shown = rows[:size]
    left = days_left_of(accounts=shown, now=now)
    customers = [Customer(row, row.parent_id == agent.pk, left[row.pk]) for row in shown]
    return Page(customers, following=shown[-1].number if len(rows) > size else None)


def days_left_of(*, accounts: Sequence[Account], now: datetime) -> dict[int, int | None]:
    """`runway.days_left` for many accounts, by two queries a switch."""
    switches = {account.switch_id: account.switch for account in accounts}
    spent: dict[int, Decimal] = {}
    for switch in switches.values():
        spent |= _spent(switch, [account.pk for account in accounts if account.switch_id == switch.pk], now)
    return {account.pk: _days(account.spendable, spent.get(account.pk, ZERO)) for account in accounts}


def _days(spendable: Decimal | None, spent: Decimal) -> int | None:
    if spendable is None:
        return None
    if spendable <= 0:
        return 0
    return int(spendable * LAST_DAYS / spent) if spent > 0 else None


def _spent(switch: Switch, ids: Sequence[int], now: datetime) -> dict[int, Decimal]:
    today = day_of(now, switch.zone)
    first = today - timedelta(days=LAST_DAYS)
    calls = CallDay.objects.filter(account__in=ids, day__gte=first, day__lt=today)
    spent: dict[int, Decimal] = dict(calls.values_list("account").annotate(Sum("fee")))
    charges = Charge.objects.filter(
        account__in=ids, charged_at__gte=begin_of(first, switch.zone), charged_at__lt=begin_of(today, switch.zone)
    )
    for account_id, amount in charges.values_list("account").annotate(Sum("amount")):
        spent[account_id] = spent.get(account_id, ZERO) + amount
    return spent
