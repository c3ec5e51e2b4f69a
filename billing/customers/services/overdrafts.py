"""How much overdraft an agent may still give: with all it gave, it stays within its own.

The accounts directly below it count, and what it has asked for and is not settled. Lowering is always possible.
"""

from __future__ import annotations

from decimal import Decimal

from accounts.models import Account
from billing.customers.models import CHANGE_ENDS, WITH_OVERDRAFT, CustomerChange
from billing.lib.amounts import ZERO


def most_for(*, agent: Account, number: str, besides: CustomerChange | None = None) -> Decimal | None:
    """The largest overdraft that the account of that number may get; None: there is no limit. Sure under a lock.

    `besides` is the wish that is being decided about, which does not count against itself.
    """
    if agent.is_unlimited:
        return None
    given = dict(agent.children.filter(missing_since__isnull=True).values_list("number", "overdraft"))
    current = given.pop(number, None) or ZERO
    wishes = CustomerChange.objects.filter(agent=agent, kind__in=WITH_OVERDRAFT).exclude(state__in=CHANGE_ENDS)
    if besides is not None and besides.pk is not None:
        wishes = wishes.exclude(pk=besides.pk)
    for wish in wishes.exclude(number=number):
        given[wish.number] = max(given.get(wish.number) or ZERO, wish.overdraft or ZERO)
    left = (agent.overdraft or ZERO) - sum((amount or ZERO for amount in given.values()), ZERO)
    return max(left, current, ZERO)
