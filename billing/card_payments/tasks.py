"""Tasks that ask the provider about payments by card, and lock accounts after disputes. Each may run twice."""

from __future__ import annotations

from datetime import datetime, timedelta

from billing.card_payments.services import dispute_locks, unreported
from billing.jobs.services.periodic import periodic


# A payment provider may be slow, and sending top-ups must not wait for it: this is not of the queue `money`.
@periodic(job="card payments", every=timedelta(seconds=30), queue="default")
def sweep_payments(*, now: datetime) -> object:
    return unreported.sweep(now=now)


@periodic(job="locks after disputes", every=timedelta(seconds=30), queue="money")
def sweep_dispute_locks(*, now: datetime) -> object:
    return f"{dispute_locks.sweep(now=now)} locks"
