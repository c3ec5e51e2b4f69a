"""Figures of top-ups for an operator's monitoring. Each is read by an index: they are asked for every few seconds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Count, Min

from billing.subject import Metric
from billing.topups.models import DOUBTFUL, UNSETTLED, ReceiptMail, StrayPayment, TopUp


def metrics(*, now: datetime) -> Iterator[Metric]:
    """Top-ups that have not ended, the age of the oldest doubt in seconds, stray payments, and receipts owed."""
    yield Metric("portal_topups", "Top-ups that have not ended.", _by_state(), "state")
    age = {"": _age_of_doubt(now)}
    yield Metric("portal_doubt_age_seconds", "Age of the oldest one in doubt; 0: none is.", age)
    strays = {"": StrayPayment.objects.unexplained().count()}
    yield Metric("portal_stray_payments", "Payments with a reference of ours that no top-up tells of.", strays)
    waiting = {"receipt": ReceiptMail.objects.filter(next_attempt_at__isnull=False).count()}
    yield Metric("portal_mails_waiting", "Mails that are owed.", waiting, "kind")


def _by_state() -> dict[str, float]:
    counted = TopUp.objects.filter(state__in=UNSETTLED).order_by().values_list("state").annotate(count=Count("pk"))
    return {**dict.fromkeys(sorted(map(str, UNSETTLED)), 0.0), **dict(counted)}


def _age_of_doubt(now: datetime) -> float:
    first = TopUp.objects.filter(state__in=DOUBTFUL).aggregate(first=Min("requested_at"))["first"]
    return (now - first).total_seconds() if first else 0.0
