"""Tasks that carry on with batches of top-ups. Each may run twice, or beside itself."""

from __future__ import annotations

from datetime import datetime, timedelta

from celery import shared_task
from django.utils import timezone

from billing.batches.services import batches, worker
from billing.jobs.services.periodic import periodic


@shared_task(name=batches.CARRY_ON.name)
def carry_on_batch(batch_id: int) -> None:
    worker.carry_on(batch_id=batch_id, now=timezone.now())


@periodic(job="bulk top-ups", every=timedelta(seconds=5), queue="money")
def sweep_batches(*, now: datetime) -> object:
    return f"{worker.sweep(now=now)} batches"
