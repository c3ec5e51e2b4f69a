"""Figures of what cannot be used of the switches' answers, for an operator's monitoring."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Count

from billing.subject import Metric
from billing.switches.models import UnusableAnswer


def metrics(*, now: datetime) -> Iterator[Metric]:
    """Yield of how many accounts, by operation, what the switch answers cannot be used."""
    counted = UnusableAnswer.objects.order_by().values_list("operation").annotate(Count("pk"))
    about = "Accounts of which an answer of the switch cannot be used."
    yield Metric("portal_unusable_answers", about, dict(counted), "operation")
