"""Whose calls are asked for together: small accounts, as many as the switch has been seen to answer for at once."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import date, timedelta

from django.db.models import Max, Q
from redis.exceptions import RedisError

from accounts.models import Account, Switch
from billing.models import CallDay
from billing.queries.days import DAY
from billing.services.failures import UNREADABLE
from billing.services.redis import connection

logger = logging.getLogger(__name__)

ACCOUNTS_PER_REQUEST = 50
# An account with more calls a day is asked for alone, so that its stream delays and fails nobody else's.
SMALL = 2000
SIZE_IS_LEARNT_OVER = 14 * DAY
NO_BOUND = ACCOUNTS_PER_REQUEST * (SMALL + 1)
# After so long larger groups are tried again: what was cut may have been the connection's fault, once.
REMEMBERED_FOR = timedelta(days=1)


def groups(*, switch: Switch, accounts: Sequence[Account], day: date) -> Iterator[list[Account]]:
    """Whose records or answers could not be read is asked for alone too: in company others would be asked for again."""
    lately = CallDay.objects.filter(account__in=accounts, day__gte=day - SIZE_IS_LEARNT_OVER)
    odd = Q(calls__gt=SMALL) | Q(unreadable__gt=0) | Q(failure=UNREADABLE)
    alone = set(lately.filter(odd).values_list("account_id", flat=True))
    most = dict(lately.values_list("account_id").annotate(most=Max("calls")))
    bound = _bound(switch)
    together: list[Account] = []
    size = 0
    for account in accounts:
        if account.pk not in alone:
            own = size_of(calls=most.get(account.pk, 0), accounts=1)
            if together and (len(together) == ACCOUNTS_PER_REQUEST or size + own > bound):
                yield together
                together, size = [], 0
            together.append(account)
            size += own
    if together:
        yield together
    for account in accounts:
        if account.pk in alone:
            yield [account]


def size_of(*, calls: int, accounts: int) -> int:
    """Silent accounts count too: a switch may answer for no two of them at once."""
    return calls + accounts


def too_large(*, switch: Switch, size: int) -> None:
    """An answer of this size could not be read, and its halves could: groups are at most half as large from now on.

    Without Redis nothing is learnt.
    """
    bound = max(1, size // 2)
    if bound >= _bound(switch):
        return
    key = _key(switch)
    with suppress(RedisError):
        if not connection().set(key, bound, xx=True, keepttl=True):
            connection().set(key, bound, ex=REMEMBERED_FOR)
        logger.warning("Switch %s: an answer of some %s calls was cut, its halves were not", switch, size)


def _bound(switch: Switch) -> int:
    try:
        learnt = connection().get(_key(switch))
    except RedisError:
        return NO_BOUND
    return int(learnt) if learnt else NO_BOUND


def _key(switch: Switch) -> str:
    return f"switch:{switch.pk}:calls-at-once"
