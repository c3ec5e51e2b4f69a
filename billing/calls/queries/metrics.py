"""Figures of call days for an operator's monitoring."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from billing.calls.models import CountingRule
from billing.subject import Metric


def metrics(*, now: datetime) -> Iterator[Metric]:
    """Switches of which it is not known how their reports count calls, and of these the ones of which it was known."""
    rules = dict(CountingRule.objects.values_list("switch__name", "decided_at"))
    unknown = {name: float(decided_at is None) for name, decided_at in rules.items()}
    yield Metric("portal_counting_unknown", "1: it is not known how its reports count calls.", unknown, "switch")
    lost = CountingRule.objects.filter(decided_at__isnull=True, contradicted_at__isnull=False)
    names = set(lost.values_list("switch__name", flat=True))
    contradicted = {name: float(name in names) for name in rules}
    yield Metric("portal_counting_contradicted", "1: a day spoke against what was known of it.", contradicted, "switch")
