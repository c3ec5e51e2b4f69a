"""Mails that are owed. A task may run twice, or beside itself: each mail is claimed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from celery import shared_task
from django.utils import timezone

from accounts.services import notices
from billing.services import customer_mails, jobs, receipt_mails

MAIL_EVERY = timedelta(seconds=10)

MAIL_SCHEDULE: dict[str, dict[str, Any]] = {
    "send receipts": {
        "task": "billing.tasks.mail.send_receipts",
        "schedule": MAIL_EVERY,
        "options": {"queue": "default", "expires": MAIL_EVERY.total_seconds()},
    },
    "send notices": {
        "task": "billing.tasks.mail.send_notices",
        "schedule": MAIL_EVERY,
        "options": {"queue": "default", "expires": MAIL_EVERY.total_seconds()},
    },
    "invite to opened accounts": {
        "task": "billing.tasks.mail.invite_to_opened",
        "schedule": MAIL_EVERY,
        "options": {"queue": "default", "expires": MAIL_EVERY.total_seconds()},
    },
}


@shared_task(name="billing.tasks.mail.send_receipts")
def send_receipts() -> None:
    now = timezone.now()
    jobs.run_once(job="send receipts", period=MAIL_EVERY, now=now, work=lambda: str(receipt_mails.send_due(now=now)))


@shared_task(name="billing.tasks.mail.send_notices")
def send_notices() -> None:
    now = timezone.now()
    jobs.run_once(job="send notices", period=MAIL_EVERY, now=now, work=lambda: str(notices.send_due(now=now)))


@shared_task(name="billing.tasks.mail.invite_to_opened")
def invite_to_opened() -> None:
    now = timezone.now()
    jobs.run_once(
        job="invite to opened", period=MAIL_EVERY, now=now, work=lambda: f"{customer_mails.send_due(now=now)} mailed"
    )
