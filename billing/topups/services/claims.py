"""Claims on top-ups: only the process that has one sends, and nothing is decided while it might still do so."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from redis import RedisError

from accounts.lib.clock import Deadline
from billing.lib.advisory_locks import Locked
from billing.lib.claims import LEAVES_WITHIN, Claim, holding, is_held
from billing.topups.models import TopUp, TopUpState
from billing.topups.services import witness

logger = logging.getLogger(__name__)


class WitnessedClaim(Claim):
    """A claim whose last step before the bytes leave is to note it outside the database, and to look there first."""

    def __init__(self, topup: TopUp, deadline: Deadline) -> None:
        ours = TopUp.objects.filter(pk=topup.pk, state=TopUpState.SENDING, attempts=topup.attempts)
        super().__init__(ours.exists, deadline=deadline)
        self._topup = topup
        self.sent_before: datetime | None = None

    def may_leave(self) -> bool:
        """Whether it may still leave, and never left before as far as the witness knows. Without Redis it is a no."""
        if not super().may_leave():
            return False
        try:
            self.sent_before = witness.note_sending(self._topup)
            if self.sent_before:
                logger.error("%s was sent before, of which the database knows nothing; it is looked for.", self._topup)
                return False
            if not self.deadline.has_passed:
                return True
            witness.forget_sending(self._topup)
        except RedisError:
            logger.exception("The sending of %s could not be noted; nothing was sent.", self._topup)
        return False


@contextmanager
def holding_claim(topup: TopUp, deadline: Deadline) -> Iterator[WitnessedClaim]:
    """Hold the claim on a top-up that this process has just claimed, until its answer is there."""
    with holding(Locked.SENDING_OF_TOPUP, topup.pk):
        yield WitnessedClaim(topup, deadline)


def may_still_leave(topup: TopUp, now: datetime) -> bool:
    """Whether a process that claimed it might still send it: a stopped one that has not ended, or one within its time.

    The caller holds a transaction, in which no process can begin to send it after a "no".
    """
    in_time = topup.sent_at is not None and now < topup.sent_at + LEAVES_WITHIN
    return in_time or is_held(Locked.SENDING_OF_TOPUP, topup.pk)
