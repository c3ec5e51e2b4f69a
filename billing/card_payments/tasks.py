"""The task that asks the payment provider about payments by card. It may run twice, or beside itself."""

from __future__ import annotations

from datetime import datetime, timedelta

from billing.card_payments.services import unreported
from billing.jobs.services.periodic import periodic


# A payment provider may be slow, and sending top-ups must not wait for it: this is not of the queue `money`.
@periodic(job="card payments", every=timedelta(seconds=30), queue="default")
def sweep_payments(*, now: datetime) -> object:
    return unreported.sweep(now=now)
