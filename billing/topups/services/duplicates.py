"""Finds earlier top-ups that a new request may repeat by mistake, so that the repetition must be meant."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from decimal import Decimal

from django.db.models import QuerySet

from accounts.models import Account, Switch, User
from billing.topups.models import Kind, TopUp
from billing.topups.queries import unsettled
from billing.topups.services.errors import Unsettled
from billing.topups.services.states import UNDONE


def check_unsettled(account: Account) -> None:
    """Raise Unsettled when an earlier credit of the account may yet arrive. Sure only under the account's lock."""
    for topup in unsettled.unsettled_credits(account):
        raise Unsettled(topup, unsettled.reason(topup))


def recent_duplicate(*, account: Account, amount: Decimal, by: User, key: str, now: datetime) -> TopUp | None:
    """Find the latest top-up of the same account by the same amount, by any person, that this request may repeat.

    A request with the same key is no repetition but the same top-up.
    """
    others = _lately([account], account.switch, now).filter(amount=amount).exclude(requested_by=by, key=key)
    return others.select_related("requested_by", "debit").order_by("-requested_at", "-id").first()


def recent_duplicates(
    *, accounts: Collection[Account], switch: Switch, now: datetime
) -> dict[tuple[int, Decimal], str]:
    """References of the latest top-ups that requests for these accounts may repeat, by account and amount."""
    lately = _lately(accounts, switch, now).order_by("requested_at", "id")
    return {(row.account_id, row.amount): row.reference for row in lately}


def _lately(accounts: Collection[Account], switch: Switch, now: datetime) -> QuerySet[TopUp]:
    lately = TopUp.objects.filter(account__in=accounts, kind=Kind.CREDIT, requested_at__gt=now - switch.warn_within)
    return lately.exclude(state__in=UNDONE)
