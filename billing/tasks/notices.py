"""The notices that people are owed by mail. The task may run twice, or beside itself: each mail is claimed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from celery import shared_task
from django.utils import timezone

from accounts.services import notices
from billing.services import jobs

MAIL_EVERY = timedelta(seconds=10)

NOTICE_SCHEDULE: dict[str, dict[str, Any]] = {
    "send notices": {
        "task": "billing.tasks.notices.send_notices",
        "schedule": MAIL_EVERY,
        "options": {"queue": "default", "expires": MAIL_EVERY.total_seconds()},
    },
}


@shared_task(name="billing.tasks.notices.send_notices")
def send_notices() -> None:
    now = timezone.now()
    jobs.run_once(job="send notices", period=MAIL_EVERY, now=now, work=lambda: str(notices.send_due(now=now)))
