"""Credits of which it is not known yet whether they arrive: another one for the same account may be a repetition."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import QuerySet

from accounts.models import Account, User
from billing.lib.reasons import Because, Moment, Money
from billing.topups.models import UNSETTLED, Kind, RequestReason, TopUp

MOST_NAMED = 5


def unsettled_credits(account: Account) -> list[TopUp]:
    """List the latest credits of the account that have not ended, of whatever age, amount and source."""
    return list(_unsettled([account])[:MOST_NAMED])


def besides(account: Account, *, by: User, key: str = "") -> list[tuple[TopUp, Because]]:
    """List them with their words for a person who asks for another one, without what the same form asked for."""
    return [(row, reason(row)) for row in unsettled_credits(account) if (row.requested_by_id, row.key) != (by.pk, key)]


def unsettled_by_account(accounts: Collection[Account]) -> dict[int, TopUp]:
    """Find the latest credit that has not ended of each of these accounts that has one."""
    return {row.account_id: row for row in reversed(_unsettled(accounts))}


def reason(topup: TopUp) -> Because:
    """Say what is still being checked, for people."""
    amount = Money(topup.amount, topup.account.switch.currency)
    return Because(RequestReason.UNSETTLED, {"amount": amount, "at": Moment(topup.requested_at)})


def _unsettled(accounts: Collection[Account]) -> QuerySet[TopUp]:
    rows = TopUp.objects.filter(account__in=accounts, kind=Kind.CREDIT, state__in=UNSETTLED)
    return rows.select_related("account__switch", "debit").order_by("-requested_at", "-id")
