"""Sends the notices that people get by mail. The task may run twice, or beside itself: each mail is claimed."""

from __future__ import annotations

from datetime import datetime, timedelta

from accounts.services import notices
from billing.jobs.services.periodic import periodic


@periodic(job="notices", every=timedelta(seconds=10), queue="default")
def send_notices(*, now: datetime) -> object:
    return notices.send_due(now=now)
