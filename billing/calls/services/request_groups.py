"""Choosing accounts whose calls are asked for together: small ones, as many as the switch is known to answer for.

Where the answer for several is unusable, the next slot asks for half as many at once, down to the one account that is
the reason: that one is asked for alone from then on. Without Redis nothing is learnt.
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
from billing.switches.services.failures import UNUSABLE_ANSWERS

logger = logging.getLogger(__name__)

ACCOUNTS_PER_REQUEST = 50
# An account with more calls a day is asked for alone, so that its stream neither delays nor fails another account's.
SMALL = 2000
LEARNT_OVER = 14 * DAY
# After so long larger groups are tried again: an answer that was cut off may have been a fault of the connection.
REMEMBERED_FOR = timedelta(hours=1)


@dataclass(frozen=True)
class Group:
    """Accounts of one request. `is_asked_alone`: one account that, as its days of late say, shares with no other."""

    accounts: list[Account]
    is_asked_alone: bool = False

    @property
    def is_shared(self) -> bool:
        return len(self.accounts) > 1


def groups(*, switch: Switch, accounts: Sequence[Account], day: date) -> list[Group]:
    """Group accounts, in the order of the first account of each group: as few groups as can be, all of one size."""
    alone = _asked_alone(accounts, day)
    sharing = len(accounts) - len(alone)
    size = ceil(sharing / ceil(sharing / _bound(switch))) if sharing else 0
    made: list[Group] = []
    together: list[Account] | None = None
    for account in accounts:
        if account.pk in alone:
            made.append(Group([account], is_asked_alone=True))
            continue
        if together is None or len(together) >= size:
            together = []
            made.append(Group(together))
        together.append(account)
    return made


def _asked_alone(accounts: Sequence[Account], day: date) -> set[int]:
    """Find large accounts, and those of which records, or answers for them alone, were unusable lately."""
    lately = CallDay.objects.filter(account__in=accounts, day__gte=day - LEARNT_OVER)
    unusable = Q(failures__gt=0, failure__in=UNUSABLE_ANSWERS)
    alone = lately.filter(Q(calls__gt=SMALL) | Q(unreadable__gt=0) | unusable)
    return set(alone.values_list("account_id", flat=True))


def ask_by_halves(*, switch: Switch, group: Group) -> None:
    """Ask for half as many accounts at once from now on, since the answer for this group was unusable."""
    half = len(group.accounts) // 2
    if half >= _bound(switch):
        return
    with suppress(RedisError):
        connection().set(_key(switch), half, ex=REMEMBERED_FOR)
        logger.warning("Switch %s: calls are asked for by %s accounts at most from now on", switch, half)


def ask_alone(*, switch: Switch, group: Group) -> None:
    """Note that an account's answer is unusable even alone: the others may be asked for together again."""
    if not group.is_asked_alone:
        with suppress(RedisError):
            connection().delete(_key(switch))
        logger.warning("Account %s is asked for alone until its calls can be read", group.accounts[0])


def _bound(switch: Switch) -> int:
    """How many accounts the switch is asked for at once, at most."""
    try:
        learnt = connection().get(_key(switch))
    except RedisError:
        return ACCOUNTS_PER_REQUEST
    return min(int(learnt), ACCOUNTS_PER_REQUEST) if learnt else ACCOUNTS_PER_REQUEST


def _key(switch: Switch) -> str:
    return f"switch:{switch.pk}:accounts-at-once"
