"""Finds what an agent asked to be done with its customers."""

from __future__ import annotations

from django.db.models import Count

from accounts.models import Account
from billing.customers.models import CHANGE_ENDS, CustomerChange

MOST_LISTED = 100
MOST_GROUPS = 50


def find(*, agent: Account, reference: str) -> CustomerChange | None:
    rows = CustomerChange.objects.select_related("account", "invitation", "requested_by", "agent__switch")
    return rows.filter(agent=agent, reference=reference).first()


def latest(*, agent: Account) -> list[CustomerChange]:
    return list(CustomerChange.objects.filter(agent=agent).select_related("account").order_by("-id")[:MOST_LISTED])


def under_way(*, account: Account) -> CustomerChange | None:
    """Find the change of the account that has not ended yet; the database lets there be only one."""
    rows = CustomerChange.objects.filter(agent=account.parent, number=account.number)
    return rows.exclude(state__in=CHANGE_ENDS).first()


def rate_groups(*, agent: Account) -> list[str]:
    """List the rate groups that the agent's customers have, the commonest first."""
    customers = agent.children.filter(missing_since__isnull=True).exclude(rate_group="")
    counted = customers.values_list("rate_group").annotate(count=Count("id")).order_by("-count", "rate_group")
    return [group for group, _ in counted[:MOST_GROUPS]]
