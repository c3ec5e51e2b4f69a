"""Asking the payment provider what became of payments by card. The task may run twice, or beside itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from celery import shared_task
from django.utils import timezone

from billing.services import jobs, online_sweeping

ASK_EVERY = timedelta(seconds=30)

CARD_PAYMENT_SCHEDULE: dict[str, dict[str, Any]] = {
    # A payment provider may be slow, and sending top-ups must not wait for it.
    "ask about online payments": {
        "task": "billing.tasks.card_payments.sweep_online",
        "schedule": ASK_EVERY,
        "options": {"queue": "default", "expires": ASK_EVERY.total_seconds()},
    },
}


@shared_task(name="billing.tasks.card_payments.sweep_online")
def sweep_online() -> None:
    now = timezone.now()
    jobs.run_once(job="online", period=ASK_EVERY, now=now, work=lambda: str(online_sweeping.sweep(now=now)))
