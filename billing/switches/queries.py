"""Figures of switches' clocks, and of what cannot be used of their answers, for an operator's monitoring."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Count

from billing.subject import Metric
from billing.switches.models import Observation, UnusableAnswer


def metrics(*, now: datetime) -> Iterator[Metric]:
    """Yield how far each clock is ahead of ours, which zones are wrong, and how many answers cannot be used."""
    compared = list(Observation.objects.filter(compared_at__isnull=False).select_related("switch"))
    yield Metric(
        "portal_switch_clock_ahead_seconds",
        "How far its clock is ahead of ours.",
        {row.switch.name: row.clock_ahead.total_seconds() for row in compared if row.clock_ahead is not None},
        "switch",
    )
    wrong = {row.switch.name: float(row.zone_is_wrong) for row in compared}
    yield Metric("portal_switch_zone_is_wrong", "1: its answers do not fit the zone that is set.", wrong, "switch")
    counted = UnusableAnswer.objects.order_by().values_list("operation").annotate(Count("pk"))
    about = "Accounts of which an answer of the switch cannot be used."
    yield Metric("portal_unusable_answers", about, dict(counted), "operation")
