"""The `exports` queue, which has a worker of its own: a large file takes minutes. Every task may run twice."""

from __future__ import annotations

from datetime import datetime, timedelta

from celery import shared_task
from django.utils import timezone

from billing.exports.services import requests, upkeep, worker
from billing.jobs.services.periodic import periodic


@shared_task(name=requests.MAKE_EXPORT.name)
def make_export(export_id: int) -> None:
    worker.carry_out(export_id=export_id, now=timezone.now())


@periodic(job="exports", every=timedelta(seconds=10), queue="exports")
def sweep_exports(*, now: datetime) -> object:
    return upkeep.sweep(now=now)
