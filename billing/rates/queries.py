"""Names of destinations, as an account's rates give them since they were last read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import QuerySet
from django.db.models.functions import Lower

from accounts.models import Account
from billing.rates.models import Rate, RateGroup

# With more prefixes the query for an account's calls would become too long.
MOST_PREFIXES = 500
MOST_NAMES = 20
# Every page of calls asks this, and building the query from models would take three times as long as running it.
OF_PREFIXES = """
    SELECT rates.not_before, rate.prefix, rate.area_name
    FROM rates_rategroup rates
    LEFT JOIN rates_rate rate ON rate.group_id = rates.id AND rate.prefix = ANY(%s)
    WHERE rates.switch_id = %s AND rates.name = %s
"""


@dataclass(frozen=True)
class Names:
    """Names of destinations by the prefix that calls were charged by; some are empty.

    `may_be_known`: the rates lack one of the prefixes, and may be read again by now.
    """

    by_prefix: dict[str, str]
    may_be_known: bool


def group_of(account: Account) -> RateGroup | None:
    """The rates of an account; None where none were ever asked for, or the switch does not say which it has."""
    if not account.rate_group:
        return None
    return RateGroup.objects.filter(switch=account.switch, name=account.rate_group).first()


def are_known(account: Account) -> bool:
    """Whether the account's rates were ever read."""
    return RateGroup.objects.filter(switch=account.switch, name=account.rate_group, read_at__isnull=False).exists()


def destination_names(prefixes: Iterable[str], *, account: Account, now: datetime) -> Names:
    """Name the destinations of prefixes that an account's calls were charged by."""
    stated = {prefix for prefix in prefixes if prefix}
    if not stated or not account.rate_group:
        return Names({}, may_be_known=False)
    with connection.cursor() as cursor:
        cursor.execute(OF_PREFIXES, [list(stated), account.switch_id, account.rate_group])
        rows = cursor.fetchall()
    by_prefix = {prefix: name for _, prefix, name in rows if prefix is not None}
    is_due = not rows or rows[0][0] is None or rows[0][0] <= now
    return Names(by_prefix, may_be_known=is_due and len(by_prefix) < len(stated))


def named(*, account: Account, name: str) -> tuple[str, ...]:
    """Find the prefixes of destinations with that name, alone or followed by more words; else of names that begin so.

    Of too many prefixes, one more than the limit is returned, so that the caller sees it.
    """
    found = list(_beginning(account, name).values_list("area_name", "prefix")[: MOST_PREFIXES + 1])
    whole = [prefix for area, prefix in found if not area[len(name) : len(name) + 1].isalnum()]
    return tuple(whole if whole and len(found) <= MOST_PREFIXES else (prefix for _, prefix in found))


def names(*, account: Account, begin: str) -> list[str]:
    """Complete the beginning of a name: list some of the names, since not all of very many are read."""
    some = _beginning(account, begin).values_list("area_name", flat=True)[:MOST_PREFIXES]
    return sorted(set(some))[:MOST_NAMES]


def _beginning(account: Account, name: str) -> QuerySet[Rate]:
    of_account = Rate.objects.filter(group__switch=account.switch, group__name=account.rate_group)
    return of_account.alias(lowered=Lower("area_name")).filter(lowered__startswith=name.lower())
