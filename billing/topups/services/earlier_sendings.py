"""Whether a top-up that waits was sent before, of which a database that was set back does not know.

The restore of a backup and the promotion of a standby set it back. Then the note outside the database tells, a payment
that was mirrored since, or the switch itself.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.utils import timezone
from redis import RedisError

from billing.switches.services.failures import FAILURES
from billing.topups.models import StrayPayment, TopUp
from billing.topups.services import lookups, outcomes, witness

logger = logging.getLogger(__name__)

# What waited longer is looked for before it is sent.
LOOK_FIRST_AFTER = timedelta(seconds=15)
BEGAN = timezone.now()


class NotKnown(Exception):
    """It cannot be found out just now, so nothing may be sent or ended."""


def doubt_if_sent(*, topup: TopUp, now: datetime) -> None:
    """Put a waiting top-up in doubt where it was sent before; read again where it waits no longer. Raises NotKnown."""
    try:
        at = _known_since(topup) or (topup.requested_at if _is_listed(topup, now) else None)
    except FAILURES as error:
        raise NotKnown(str(error)) from error
    if at is not None:
        outcomes.doubt_unclaimed(topup, now, "sent before", sent_at=at)


def doubt_if_known(*, topup: TopUp, now: datetime) -> None:
    """Do the same without asking the switch. Raises NotKnown."""
    at = _known_since(topup)
    if at is not None:
        outcomes.doubt_unclaimed(topup, now, "sent before", sent_at=at)


def waited_long(topup: TopUp, now: datetime) -> bool:
    """Whether a top-up waited so long, or from before this process began, that it may have been sent already."""
    return now - topup.requested_at > LOOK_FIRST_AFTER or topup.requested_at < BEGAN


def _known_since(topup: TopUp) -> datetime | None:
    try:
        noted = witness.noted_sending(topup)
    except RedisError as error:
        raise NotKnown(str(error)) from error
    stray = StrayPayment.objects.filter(reference=topup.reference).select_related("payment").first()
    return noted or (None if stray is None else stray.payment.paid_at)


def _is_listed(topup: TopUp, now: datetime) -> bool:
    return waited_long(topup, now) and bool(lookups.look(topup=topup, now=now).found)
