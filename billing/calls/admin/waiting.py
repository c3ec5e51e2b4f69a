"""Days of calls that wait for a person of the staff."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from billing.calls.models import CallDay, DayState
from billing.subject import Waiting


def waiting(*, now: datetime) -> Iterator[Waiting]:
    """Days that are not what the switch reports, and days whose report cannot be used."""
    yield Waiting(
        label=_("Days of calls that differ"),
        model="calls.callday",
        count=CallDay.objects.filter(state=DayState.DIFFERS).count(),
        query={"state__exact": "differs"},
    )
    yield Waiting(
        label=_("Days of calls whose report cannot be used"),
        model="calls.callday",
        count=CallDay.objects.filter(unusable_report__isnull=False).count(),
        query={"unusable_report__isempty": 0},
    )
