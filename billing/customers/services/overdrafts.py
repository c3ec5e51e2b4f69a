"""Says how much overdraft an agent may still give: all that it gives stays within its own.

The overdrafts of the accounts directly below it count, and those that it has asked for and that are not settled.
Lowering one is always possible.
"""

from __future__ import annotations

from decimal import Decimal

from accounts.models import Account
from billing.customers.models import CHANGE_ENDS, WITH_OVERDRAFT, CustomerChange
from billing.lib.amounts import ZERO


def largest_for(*, agent: Account, number: str, besides: CustomerChange | None = None) -> Decimal | None:
    """Return the largest overdraft that the account of that number may get; None: there is no limit.

    It is sure only while the agent is locked. `besides` is the change that is being decided about, which does not
    count against itself.
    """
    if agent.is_unlimited:
        return None
    given = dict(agent.children.filter(missing_since__isnull=True).values_list("number", "overdraft"))
    current = given.pop(number, None) or ZERO
    unsettled = CustomerChange.objects.filter(agent=agent, kind__in=WITH_OVERDRAFT).exclude(state__in=CHANGE_ENDS)
    if besides is not None and besides.pk is not None:
        unsettled = unsettled.exclude(pk=besides.pk)
    for change in unsettled.exclude(number=number):
        given[change.number] = max(given.get(change.number) or ZERO, change.overdraft or ZERO)
    left = (agent.overdraft or ZERO) - sum((amount or ZERO for amount in given.values()), ZERO)
    return max(left, current, ZERO)
