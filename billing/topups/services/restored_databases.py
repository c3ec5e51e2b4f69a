"""Puts in doubt what waits in a database that was set back, as by the restore of a backup: it may have been sent."""

from __future__ import annotations

from datetime import datetime

from billing.topups.models import TopUp, TopUpState
from billing.topups.services import outcomes, states


def doubt_all_waiting(*, now: datetime) -> list[TopUp]:
    """Put every top-up in doubt that is being sent or may be, and return those.

    They are looked for from the moment of their request on. A credit that waits for its debit follows the debit, and is
    looked for before it is sent.
    """
    waiting = list(states.waiting().select_related("account__switch"))
    sending = list(TopUp.objects.filter(state=TopUpState.SENDING).select_related("account__switch"))
    for topup in waiting:
        outcomes.doubt_unclaimed(topup, now, "restored", sent_at=topup.requested_at)
    for topup in sending:
        outcomes.put_in_doubt(topup, now, "restored", sent_at=topup.requested_at)
    return [topup for topup in (*waiting, *sending) if topup.state == TopUpState.IN_DOUBT]
