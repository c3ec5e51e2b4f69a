"""Lists an agent's customers. The switch is never asked here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from accounts.access import descendants
from accounts.models import Account
from billing.balances.queries.runway import days_left_of
from billing.topups.models import TopUp
from billing.topups.queries.unsettled import unsettled_by_account


@dataclass(frozen=True)
class Customer:
    """An account below an agent. `days_left` says how long its credit lasts at its pace; None: that is not known.

    `unsettled` is its latest top-up that may yet arrive.
    """

    account: Account
    is_direct: bool
    days_left: int | None
    unsettled: TopUp | None


@dataclass(frozen=True)
class Page:
    """Some customers in the order of their numbers. `following` is the `after` of the next page, None on the last."""

    customers: list[Customer]
    following: str | None


def page(*, agent: Account, text: str = "", after: str = "", size: int = 100, now: datetime) -> Page:
    """List accounts of every depth below the agent; `text` is a part of the number or of the name."""
    accounts = descendants(agent).select_related("switch", "parent")
    if text:
        accounts = accounts.filter(Q(number__icontains=text) | Q(name__icontains=text))
    if after:
        accounts = accounts.filter(number__gt=after)
    rows = list(accounts.order_by("number")[: size + 1])
    shown = rows[:size]
    days_left = days_left_of(accounts=shown, now=now)
    coming = unsettled_by_account(shown)
    customers = [Customer(row, row.parent_id == agent.pk, days_left[row.pk], coming.get(row.pk)) for row in shown]
    return Page(customers, following=shown[-1].number if len(rows) > size else None)
