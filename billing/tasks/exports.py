"""The `exports` queue, which has a worker of its own: a large file takes minutes. Every task may run twice."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from celery import shared_task
from django.utils import timezone

from billing.services import export_sweeping, exporting, jobs

SWEEP_EVERY = timedelta(seconds=10)

EXPORT_SCHEDULE: dict[str, dict[str, Any]] = {
    "sweep exports": {
        "task": "billing.tasks.exports.sweep_exports",
        "schedule": SWEEP_EVERY,
        "options": {"queue": "exports", "expires": SWEEP_EVERY.total_seconds()},
    },
}


@shared_task(name="billing.tasks.exports.make_export")
def make_export(export_id: int) -> None:
    exporting.carry_out(export_id=export_id, now=timezone.now())


@shared_task(name="billing.tasks.exports.sweep_exports")
def sweep_exports() -> None:
    now = timezone.now()
    jobs.run_once(job="sweep exports", period=SWEEP_EVERY, now=now, work=lambda: export_sweeping.sweep(now=now))
