"""Sweeps up the top-ups that no living process has: no worker was asked to send them, or their sender died."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Min, QuerySet

from accounts.lib.clock import Clock
from accounts.models import Switch
from billing.lib.reasons import Because
from billing.topups.models import TopUp, TopUpReason, TopUpState
from billing.topups.services import states
from billing.topups.services.sending import carry_out, expire

logger = logging.getLogger(__name__)

# Longer than the client waits for one whole answer (connecting and all time-outs of a Pay together).
DEAD_AFTER = timedelta(seconds=60)
MOST_AT_ONCE = 200
LONGEST_SWEEP = timedelta(seconds=30)


@dataclass(frozen=True)
class Swept:
    doubted: int
    expired: int
    sent: int


def sweep(*, now: datetime) -> Swept:
    return Swept(doubted=doubt_dead_senders(now=now), expired=_expire_the_late(now), sent=_send_the_due(now))


def doubt_dead_senders(*, now: datetime, switch: Switch | None = None) -> int:
    """Put in doubt what dead senders were sending: a sender silent for so long may have died after its `Pay` left."""
    dead = TopUp.objects.filter(state=TopUpState.SENDING, sent_at__lt=now - DEAD_AFTER)
    if switch is not None:
        dead = dead.filter(account__switch=switch)
    why = Because(TopUpReason.CUT_OFF)
    return sum(states.move(topup=topup, to=TopUpState.IN_DOUBT, now=now, why=why, next_look_at=now) for topup in dead)


def _expire_the_late(now: datetime) -> int:
    late = states.waiting().filter(deadline__lte=now).order_by("deadline")[:MOST_AT_ONCE]
    return sum(expire(topup=topup, now=now) for topup in late)


def _send_the_due(now: datetime) -> int:
    """Give each switch its turn, first the one that has waited longest.

    Many top-ups that wait for a switch that is down, perhaps for years, do not keep those of the others waiting.
    """
    clock = Clock(now)
    due = states.waiting().filter(next_attempt_at__lte=now)
    turns = due.order_by().values("account__switch").annotate(first=Min("next_attempt_at")).order_by("first")
    return sum(_send_those_of(due.filter(account__switch=turn["account__switch"]), now, clock) for turn in turns)


def _send_those_of(due: QuerySet[TopUp], now: datetime, clock: Clock) -> int:
    """Send until one could not be sent: then the others of that switch wait for the next sweep."""
    sent = 0
    for topup in due.order_by("next_attempt_at")[:MOST_AT_ONCE]:
        if clock.now() - now > LONGEST_SWEEP or not _was_sent(topup, clock.now()):
            break
        sent += 1
    return sent


def _was_sent(topup: TopUp, now: datetime) -> bool:
    """One top-up that cannot be handled must not keep the others waiting."""
    try:
        return carry_out(topup_id=topup.pk, now=now).state != TopUpState.REQUESTED
    except Exception:
        logger.exception("The sweep could not send %s", topup)
        return True
