"""Changing customers on the switch, and inviting those of new accounts. Every task may run twice, or beside itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from celery import shared_task
from django.utils import timezone

from billing.services import customer_mails, customer_sending, jobs

SWEEP_EVERY = timedelta(seconds=5)
MAIL_EVERY = timedelta(seconds=10)

CUSTOMER_SCHEDULE: dict[str, dict[str, Any]] = {
    "sweep changes of customers": {
        "task": "billing.tasks.customers.sweep_changes",
        "schedule": SWEEP_EVERY,
        "options": {"queue": "money", "expires": SWEEP_EVERY.total_seconds()},
    },
    "invite to opened accounts": {
        "task": "billing.tasks.customers.invite_to_opened",
        "schedule": MAIL_EVERY,
        "options": {"queue": "default", "expires": MAIL_EVERY.total_seconds()},
    },
}


@shared_task(name="billing.tasks.customers.carry_out_change")
def carry_out_change(change_id: int) -> None:
    customer_sending.carry_out(change_id=change_id, now=timezone.now())


@shared_task(name="billing.tasks.customers.sweep_changes")
def sweep_changes() -> None:
    now = timezone.now()
    jobs.run_once(
        job="sweep changes", period=SWEEP_EVERY, now=now, work=lambda: f"{customer_sending.sweep(now=now)} changes"
    )


@shared_task(name="billing.tasks.customers.invite_to_opened")
def invite_to_opened() -> None:
    now = timezone.now()
    jobs.run_once(
        job="invite to opened", period=MAIL_EVERY, now=now, work=lambda: f"{customer_mails.send_due(now=now)} mailed"
    )
