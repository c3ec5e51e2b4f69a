"""Whose calls are asked for together: small accounts, as many as the switch is known to answer for at once.

Where the answer for several is of no use, the next slot asks by halves of them, down to the account that is to blame:
that one is asked for alone from then on. Without Redis nothing is learnt.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil

from django.db.models import Q
from redis.exceptions import RedisError

from accounts.models import Account, Switch
from billing.calls.models import CallDay
from billing.lib.days import DAY
from billing.lib.redis import connection
from billing.switches.services.failures import OF_NO_USE

logger = logging.getLogger(__name__)

ACCOUNTS_PER_REQUEST = 50
# An account with more calls a day is asked for alone, so that its stream delays and fails nobody else's.
SMALL = 2000
LEARNT_OVER = 14 * DAY
# After so long larger groups are tried again: what was cut may have been the connection's fault, once.
REMEMBERED_FOR = timedelta(hours=1)


@dataclass(frozen=True)
class Group:
    """`is_odd`: one account that is asked for alone because of what its days say lately."""

    accounts: list[Account]
    is_odd: bool = False

    @property
    def is_shared(self) -> bool:
        return len(self.accounts) > 1


def groups(*, switch: Switch, accounts: Sequence[Account], day: date) -> list[Group]:
    """In the order of the first account of each; as few as can be, and of one size, so that each tells as much."""
    odd = _odd(accounts, day)
    sharing = len(accounts) - len(odd)
    size = ceil(sharing / ceil(sharing / _bound(switch))) if sharing else 0
    made: list[Group] = []
    together: list[Account] | None = None
    for account in accounts:
        if account.pk in odd:
            made.append(Group([account], is_odd=True))
            continue
        if together is None or len(together) >= size:
            together = []
            made.append(Group(together))
        together.append(account)
    return made


def _odd(accounts: Sequence[Account], day: date) -> set[int]:
    """Large ones, and those whose records, or whose answers when they were asked for alone, were of no use."""
    lately = CallDay.objects.filter(account__in=accounts, day__gte=day - LEARNT_OVER)
    to_blame = Q(failures__gt=0, failure__in=OF_NO_USE)
    odd = lately.filter(Q(calls__gt=SMALL) | Q(unreadable__gt=0) | to_blame)
    return set(odd.values_list("account_id", flat=True))


def ask_by_halves(*, switch: Switch, group: Group) -> None:
    """The answer for these accounts was of no use."""
    half = len(group.accounts) // 2
    if half >= _bound(switch):
        return
    with suppress(RedisError):
        connection().set(_key(switch), half, ex=REMEMBERED_FOR)
        logger.warning("Switch %s: calls are asked for by %s accounts at most from now on", switch, half)


def found_to_blame(*, switch: Switch, group: Group) -> None:
    """An account that is of no use alone as well: the others may be asked for together again."""
    if not group.is_odd:
        with suppress(RedisError):
            connection().delete(_key(switch))
        logger.warning("Account %s is asked for alone until its calls can be read", group.accounts[0])


def _bound(switch: Switch) -> int:
    try:
        learnt = connection().get(_key(switch))
    except RedisError:
        return ACCOUNTS_PER_REQUEST
    return min(int(learnt), ACCOUNTS_PER_REQUEST) if learnt else ACCOUNTS_PER_REQUEST


def _key(switch: Switch) -> str:
    return f"switch:{switch.pk}:accounts-at-once"
