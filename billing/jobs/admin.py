from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from accounts.staff_pages.base import ReadOnlyAdmin
from billing.jobs.models import JobRun
from billing.subject import Waiting

FAILED_LATELY = timedelta(hours=1)


@admin.register(JobRun)
class JobRunAdmin(ReadOnlyAdmin[JobRun]):
    """What became of periodic work in each slot."""

    list_display = ("job", "slot", "started_at", "finished_at", "succeeded", "detail")
    list_filter = ("succeeded", "started_at")
    search_fields = ("job",)
    ordering = ("-started_at",)


def waiting(*, now: datetime) -> Iterator[Waiting]:
    """Yield the runs of periodic work that failed lately."""
    since = now - FAILED_LATELY
    yield Waiting(
        label=_("Jobs that failed in the last hour"),
        model="jobs.jobrun",
        count=JobRun.objects.filter(started_at__gte=since, succeeded=False).count(),
        query={"succeeded__exact": 0, "started_at__gte": since.isoformat()},
    )
