"""The limits of the day, which hold for top-ups of every source.

The day is the one of the switch's calendar. A top-up that was surely not done does not count.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import QuerySet, Sum

from accounts.models import Account, Switch, User
from billing.lib.advisory_locks import Locked, lock
from billing.lib.amounts import ZERO
from billing.lib.reasons import Because
from billing.topups.models import Kind, RequestReason, Source, TopUp
from billing.topups.services.errors import LimitExceeded, PersonLimitExceeded
from billing.topups.services.states import UNDONE

# The customer has paid for these already: no limit of the day and no precision of ours refuses what they are worth.
ALREADY_PAID = frozenset({Source.VOUCHER, Source.ONLINE})


@dataclass(frozen=True)
class Used:
    """How much of today's limits is used up already. A sum that no limit asks for is 0 or missing."""

    by_person: Decimal
    by_account: Mapping[int, Decimal]

    def with_more(self, *, by_person: Decimal, account: Account, of_account: Decimal) -> Used:
        together = self.by_account.get(account.pk, ZERO) + of_account
        return Used(self.by_person + by_person, {**self.by_account, account.pk: together})


def lock_requests(*, account: Account, by: User) -> None:
    """Until the transaction ends, decide requests of one account, or that share a limit, one after the other.

    The locks are advisory ones, the person's always first: rows would have to be locked in the order of the tree too.
    """
    switch = account.switch
    if switch.daily_limit_per_user is not None:
        lock(Locked.TOPUPS_BY_PERSON, f"{by.pk} {switch.pk}")
    # Also without a limit: a second request has to see that the first is on its way.
    lock(Locked.TOPUPS_OF_ACCOUNT, account.pk)


def check(requested: TopUp) -> None:
    """Raise LimitExceeded for a request above a limit. It is sure only under `lock_requests`."""
    if requested.source not in ALREADY_PAID:
        check_day(
            account=requested.account, by=requested.requested_by, amount=requested.amount, now=requested.requested_at
        )


def check_day(*, account: Account, by: User, amount: Decimal, now: datetime) -> None:
    """Raise LimitExceeded. It is also to be asked before a person pays for what is credited afterwards."""
    check_used(used_today(accounts=[account], switch=account.switch, by=by, now=now), account=account, amount=amount)


def used_today(*, accounts: Collection[Account], switch: Switch, by: User, now: datetime) -> Used:
    """Sum up what was requested today by a person, and for each of these accounts."""
    today = _of_today(switch, now)
    by_account: dict[int, Decimal] = {}
    if switch.daily_limit_per_account is not None:
        of_accounts = today.filter(account__in=accounts).order_by().values_list("account")
        by_account = dict(of_accounts.annotate(sum=Sum("amount")))
    return Used(_sum(today.filter(requested_by=by)) if switch.daily_limit_per_user is not None else ZERO, by_account)


def check_used(used: Used, *, account: Account, amount: Decimal) -> None:
    """Raise LimitExceeded when the amount comes to more than a limit, together with what is used up."""
    switch = account.switch
    if _exceeds(switch.daily_limit_per_user, used.by_person + amount):
        raise PersonLimitExceeded
    if _exceeds(switch.daily_limit_per_account, used.by_account.get(account.pk, ZERO) + amount):
        raise LimitExceeded(Because(RequestReason.ACCOUNT_LIMIT, {"account": account.number}))


def left_for_user(*, switch: Switch, by: User, now: datetime) -> Decimal | None:
    """What a person may still top up today. None: as much as they like."""
    if switch.daily_limit_per_user is None:
        return None
    return switch.daily_limit_per_user - _sum(_of_today(switch, now).filter(requested_by=by))


def _exceeds(limit: Decimal | None, sum_of_the_day: Decimal) -> bool:
    return limit is not None and sum_of_the_day > limit


def _sum(topups: QuerySet[TopUp]) -> Decimal:
    total: Decimal = topups.aggregate(sum=Sum("amount", default=ZERO))["sum"]
    return total


def _of_today(switch: Switch, now: datetime) -> QuerySet[TopUp]:
    midnight = now.astimezone(switch.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    topups = TopUp.objects.filter(account__switch=switch, kind=Kind.CREDIT, requested_at__gte=midnight)
    return topups.exclude(state__in=UNDONE)
