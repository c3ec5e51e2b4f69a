"""What waits for a person now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from billing.models import (
    Answer,
    CallDay,
    Case,
    DayState,
    JobRun,
    Kind,
    OnlinePayment,
    Reissue,
    TopUp,
    TopUpState,
)
from billing.queries import topups

LATELY = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class Attention:
    """Numbers of rows. `failed_since` is where the failed runs are counted from."""

    topups_in_review: int
    topups_in_doubt: int
    topups_listed_after_all: int
    owed_to_agents: int
    reissues_to_approve: int
    paid_and_not_credited: int
    open_cases: int
    days_that_differ: int
    days_without_report: int
    failed_runs: int
    failed_since: datetime


def now_waiting(*, now: datetime) -> Attention:
    since = now - LATELY
    return Attention(
        topups_in_review=TopUp.objects.filter(state=TopUpState.REVIEW).count(),
        topups_in_doubt=TopUp.objects.filter(state=TopUpState.IN_DOUBT).count(),
        topups_listed_after_all=topups.listed_after_all().count(),
        # The switch did not give it back, as a person found: nothing sends it again by itself.
        owed_to_agents=TopUp.objects.filter(
            kind=Kind.GIVE_BACK, state=TopUpState.NOT_APPLIED, reissued_as__isnull=True
        ).count(),
        reissues_to_approve=Reissue.objects.filter(answer=Answer.OPEN).count(),
        paid_and_not_credited=OnlinePayment.objects.owed().count(),
        open_cases=Case.objects.filter(closed_at__isnull=True).count(),
        days_that_differ=CallDay.objects.filter(state=DayState.DIFFERS).count(),
        days_without_report=CallDay.objects.exclude(unusable_report="").count(),
        failed_runs=JobRun.objects.filter(started_at__gte=since, succeeded=False).count(),
        failed_since=since,
    )
