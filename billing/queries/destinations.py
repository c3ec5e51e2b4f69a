"""Destinations by the names that an account's rates give them, as they were last read."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import QuerySet
from django.db.models.functions import Lower

from accounts.models import Account
from billing.models import Call, Rate, RateGroup

# More would make a question of their own length out of every question about calls.
MOST_PREFIXES = 500
MOST_NAMES = 20


def are_known(account: Account) -> bool:
    return RateGroup.objects.filter(switch=account.switch, name=account.rate_group, read_at__isnull=False).exists()


def names_of(calls: Sequence[Call], *, account: Account) -> dict[str, str]:
    """What the rates call the prefixes that these calls were charged by; empty where a rate gives no name."""
    prefixes = {call.fee_prefix for call in calls}
    if not prefixes or not account.rate_group:
        return {}
    known = Rate.objects.filter(group__switch=account.switch_id, group__name=account.rate_group)
    return dict(known.filter(prefix__in=prefixes).values_list("prefix", "area_name"))


def named(*, account: Account, name: str) -> tuple[str, ...]:
    """The prefixes of what is called so, or so with more words; else of what begins so.

    Of too many, so many that it is seen.
    """
    found = list(_beginning(account, name).values_list("area_name", "prefix")[: MOST_PREFIXES + 1])
    whole = [prefix for area, prefix in found if not area[len(name) : len(name) + 1].isalnum()]
    return tuple(whole if whole and len(found) <= MOST_PREFIXES else (prefix for _, prefix in found))


def names(*, account: Account, begin: str) -> list[str]:
    """How the names that begin so go on: some of them, for very many are not all looked at."""
    some = _beginning(account, begin).values_list("area_name", flat=True)[:MOST_PREFIXES]
    return sorted(set(some))[:MOST_NAMES]


def _beginning(account: Account, name: str) -> QuerySet[Rate]:
    of_account = Rate.objects.filter(group__switch=account.switch, group__name=account.rate_group)
    return of_account.alias(lowered=Lower("area_name")).filter(lowered__startswith=name.lower())
