"""What an operator's monitoring watches. Each figure is read by an index: it is asked for every few seconds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Max, Min

from accounts.models import Notice, OutgoingMail
from billing.models import DOUBTFUL, UNSETTLED, JobRun, OnlinePayment, ReceiptMail, TopUp

# How far back a job's last success is looked for.
LATELY = timedelta(hours=6)


@dataclass(frozen=True)
class Metric:
    """A gauge. `values` are by what `label` says; without a label there is one, by the empty text."""

    name: str
    help: str
    values: Mapping[str, float] = field(default_factory=dict)
    label: str = ""


def of_rows(*, now: datetime) -> Iterator[Metric]:
    yield Metric("portal_topups", "Top-ups that have not ended.", _by_state(), "state")
    doubtful = TopUp.objects.filter(state__in=DOUBTFUL)
    yield Metric("portal_doubt_age_seconds", "Age of the oldest one in doubt; 0: none is.", {"": _age(doubtful, now)})
    owed = OnlinePayment.objects.owed().count()
    yield Metric("portal_card_payments_owed", "Payments by card that are received and not credited.", {"": owed})
    mails = {"receipt": _waiting(ReceiptMail), "notice": _waiting(Notice)}
    yield Metric("portal_mails_waiting", "Mails that are owed.", mails, "kind")
    ages = _ages_of_jobs(now)
    yield Metric(
        "portal_job_success_age_seconds", "Since a periodic job began that succeeded, of the last hours.", ages, "job"
    )


def _by_state() -> dict[str, float]:
    counted = TopUp.objects.filter(state__in=UNSETTLED).order_by().values_list("state").annotate(count=Count("pk"))
    return {**dict.fromkeys(sorted(map(str, UNSETTLED)), 0.0), **dict(counted)}


def _age(topups: Any, now: datetime) -> float:
    first = topups.aggregate(first=Min("requested_at"))["first"]
    return (now - first).total_seconds() if first else 0.0


def _waiting(kind: type[OutgoingMail]) -> int:
    return kind._default_manager.filter(next_attempt_at__isnull=False).count()


def _ages_of_jobs(now: datetime) -> dict[str, float]:
    """How far behind the rounds of the sync and of money are: a job that fails, or does not run, grows older."""
    lately = JobRun.objects.filter(started_at__gt=now - LATELY, succeeded=True)
    last = lately.order_by().values_list("job").annotate(last=Max("started_at"))
    return {job: (now - started).total_seconds() for job, started in last}
