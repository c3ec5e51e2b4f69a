"""Days of calls that wait for a person of the staff."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from billing.calls.models import CallDay, CountingRule, DayState
from billing.subject import Waiting


def waiting(*, now: datetime) -> Iterator[Waiting]:
    """Days that are not what the switch reports, days whose report cannot be used, and rules that hold no longer."""
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
    yield Waiting(
        label=_("Switches that count calls otherwise than was known"),
        model="calls.countingrule",
        count=CountingRule.objects.filter(decided_at__isnull=True, contradicted_at__isnull=False).count(),
        query={"decided_at__isempty": 1, "contradicted_at__isempty": 0},
    )
