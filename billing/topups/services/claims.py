"""Claims on top-ups: only the process that has one sends, and nothing is decided while it might still do so."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from accounts.lib.clock import Deadline
from billing.lib.advisory_locks import Locked
from billing.lib.claims import LEAVES_WITHIN, Claim, holding, is_held
from billing.topups.models import TopUp, TopUpState


@contextmanager
def holding_claim(topup: TopUp, deadline: Deadline) -> Iterator[Claim]:
    """Hold the claim on a top-up that this process has just claimed, until its answer is there."""
    ours = TopUp.objects.filter(pk=topup.pk, state=TopUpState.SENDING, attempts=topup.attempts)
    with holding(Locked.SENDING_OF_TOPUP, topup.pk):
        yield Claim(ours.exists, deadline=deadline)


def may_still_leave(topup: TopUp, now: datetime) -> bool:
    """Whether a process that claimed it might still send it: a stopped one that has not ended, or one within its time.

    The caller holds a transaction, in which no process can begin to send it after a "no".
    """
    in_time = topup.sent_at is not None and now < topup.sent_at + LEAVES_WITHIN
    return in_time or is_held(Locked.SENDING_OF_TOPUP, topup.pk)
