"""Figures of switches' clocks for an operator's monitoring."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from billing.subject import Metric
from billing.switches.models import Observation


def metrics(*, now: datetime) -> Iterator[Metric]:
    """Yield how far each switch's clock is ahead of ours, and whether its answers do not fit its zone."""
    compared = list(Observation.objects.filter(compared_at__isnull=False).select_related("switch"))
    yield Metric(
        "portal_switch_clock_ahead_seconds",
        "How far its clock is ahead of ours.",
        {row.switch.name: row.clock_ahead.total_seconds() for row in compared if row.clock_ahead is not None},
        "switch",
    )
    wrong = {row.switch.name: float(row.zone_is_wrong) for row in compared}
    yield Metric("portal_switch_zone_is_wrong", "1: its answers do not fit the zone that is set.", wrong, "switch")
