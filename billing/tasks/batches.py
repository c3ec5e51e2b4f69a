"""Carrying on with batches of top-ups. Every task may run twice, or beside itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from celery import shared_task
from django.utils import timezone

from billing.services import batch_carrying, jobs

SWEEP_EVERY = timedelta(seconds=5)

BATCH_SCHEDULE: dict[str, dict[str, Any]] = {
    "sweep batches": {
        "task": "billing.tasks.batches.sweep_batches",
        "schedule": SWEEP_EVERY,
        "options": {"queue": "money", "expires": SWEEP_EVERY.total_seconds()},
    },
}


@shared_task(name="billing.tasks.batches.carry_on_batch")
def carry_on_batch(batch_id: int) -> None:
    batch_carrying.carry_on(batch_id=batch_id, now=timezone.now())


@shared_task(name="billing.tasks.batches.sweep_batches")
def sweep_batches() -> None:
    now = timezone.now()
    jobs.run_once(
        job="sweep batches", period=SWEEP_EVERY, now=now, work=lambda: f"{batch_carrying.sweep(now=now)} batches"
    )
