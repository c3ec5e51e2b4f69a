"""Sending top-ups, ending doubt about them, and the mails about them. Every task may run twice, or beside itself."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from celery import shared_task
from django.utils import timezone

from accounts.models import Switch
from billing.models import TopUpState
from billing.services import jobs, receipt_mails, sending, sweeping, topups

logger = logging.getLogger(__name__)

SWEEP_EVERY = timedelta(seconds=5)
LOOK_EVERY = timedelta(seconds=10)
MAIL_EVERY = timedelta(seconds=10)

TOPUP_SCHEDULE: dict[str, dict[str, Any]] = {
    "sweep top-ups": {
        "task": "billing.tasks.topups.sweep",
        "schedule": SWEEP_EVERY,
        "options": {"queue": "money", "expires": SWEEP_EVERY.total_seconds()},
    },
    "resolve doubt": {
        "task": "billing.tasks.topups.resolve_doubt",
        "schedule": LOOK_EVERY,
        "options": {"queue": "money", "expires": LOOK_EVERY.total_seconds()},
    },
    "send receipts": {
        "task": "billing.tasks.topups.send_receipts",
        "schedule": MAIL_EVERY,
        "options": {"queue": "default", "expires": MAIL_EVERY.total_seconds()},
    },
}


@shared_task(name="billing.tasks.topups.send_topup")
def send_topup(topup_id: int) -> None:
    sending.carry_out(topup_id=topup_id, now=timezone.now())


@shared_task(name="billing.tasks.topups.sweep")
def sweep() -> None:
    now = timezone.now()
    jobs.run_once(job="sweep", period=SWEEP_EVERY, now=now, work=lambda: str(sweeping.sweep(now=now)))


@shared_task(name="billing.tasks.topups.resolve_doubt")
def resolve_doubt() -> None:
    """One switch that cannot be asked must not keep the others waiting."""
    for switch in Switch.objects.filter(accounts__topups__state=TopUpState.IN_DOUBT).distinct():
        try:
            _resolve(switch)
        except Exception:
            logger.exception("The doubt of switch %s could not be resolved", switch)


def _resolve(switch: Switch) -> None:
    now = timezone.now()
    jobs.run_once(
        job=f"resolve {switch.name}",
        period=LOOK_EVERY,
        now=now,
        work=lambda: str(topups.resolve(switch=switch, now=now)),
    )


@shared_task(name="billing.tasks.topups.send_receipts")
def send_receipts() -> None:
    now = timezone.now()
    jobs.run_once(job="send receipts", period=MAIL_EVERY, now=now, work=lambda: str(receipt_mails.send_due(now=now)))
