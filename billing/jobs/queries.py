"""Figures of periodic work for an operator's monitoring."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Max

from billing.jobs.models import JobRun
from billing.subject import Metric

# How far back a job's last success is looked for.
LATELY = timedelta(hours=6)


def metrics(*, now: datetime) -> Iterator[Metric]:
    """Yield how many seconds ago each job last began and succeeded; this grows while a job fails or does not run."""
    lately = JobRun.objects.filter(started_at__gt=now - LATELY, succeeded=True)
    last = lately.order_by().values_list("job").annotate(last=Max("started_at"))
    ages = {job: (now - started).total_seconds() for job, started in last}
    yield Metric(
        "portal_job_success_age_seconds", "Since a periodic job began that succeeded, of the last hours.", ages, "job"
    )
