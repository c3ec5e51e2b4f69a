"""Noting by name what cannot be used of a switch's answers, so that it holds up nothing else, and when to try again."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from accounts.lib.backoff import Backoff
from accounts.models import Account, Switch
from billing.lib.reasons import Because
from billing.switches.models import AnswerFault, UnusableAnswer
from billing.switches.services.failures import failure
from billing.vos3000 import UnreadableRow

logger = logging.getLogger(__name__)

# After each failure: 1, 2, 4, 8 minutes, and in the end a day.
PAUSES = Backoff(first=timedelta(minutes=1), longest=timedelta(days=1))


def why_unusable(found: UnreadableRow | Exception) -> Because:
    """Find the reason of a row that cannot be read, or of a request that came to nothing."""
    if isinstance(found, Exception):
        return Because(failure(found))
    reason = AnswerFault[found.fault.name]
    return Because(reason, {"field": found.field_name or "?"} if "%" in str(reason.label) else {})


def note(*, switch: Switch, operation: str, failed: Mapping[str, Because], now: datetime) -> None:
    """Note by name what cannot be used. One whose turn to be tried again has not come is not written again."""
    if not failed:
        return
    held = UnusableAnswer.objects.filter(switch=switch, operation=operation, number__in=failed)
    tried_again = [row for row in held if row.next_try_at <= now]
    for row in tried_again:
        row.why, row.tried_at, row.next_try_at = failed[row.number], now, now + PAUSES.pause(row.tries)
        row.tries += 1
    UnusableAnswer.objects.bulk_update(tried_again, ["why", "tried_at", "next_try_at", "tries"])
    known = {row.number for row in held}
    new = {number: why for number, why in failed.items() if number not in known}
    accounts = dict(Account.objects.filter(switch=switch, number__in=new).values_list("number", "pk"))
    for number, why in new.items():
        logger.warning("Switch %s, %s of %s cannot be used: %s", switch, operation, number or "no name", why)
    facts = {"switch": switch, "operation": operation, "since": now, "tried_at": now}
    rows = (
        UnusableAnswer(number=number, account_id=accounts.get(number), why=why, next_try_at=now + PAUSES.first, **facts)
        for number, why in new.items()
    )
    UnusableAnswer.objects.bulk_create(rows, ignore_conflicts=True)


def settle(*, switch: Switch, operation: str, numbers: Iterable[str]) -> None:
    """Forget what was noted of these: their answers can be used again."""
    UnusableAnswer.objects.filter(switch=switch, operation=operation, number__in=list(numbers)).delete()


def note_all(*, switch: Switch, operation: str, failed: Mapping[str, Because], now: datetime) -> None:
    """Note what cannot be used of an answer that tells of every account; what it no longer lists as bad is settled."""
    UnusableAnswer.objects.filter(switch=switch, operation=operation).exclude(number__in=failed).delete()
    note(switch=switch, operation=operation, failed=failed, now=now)


def noted(*, switch: Switch, operation: str) -> dict[str, datetime]:
    """When each is tried again of which an answer cannot be used."""
    rows = UnusableAnswer.objects.filter(switch=switch, operation=operation)
    return dict(rows.values_list("number", "next_try_at"))
