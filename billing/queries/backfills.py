"""How far the calls of a stretch of days have come in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db.models import Q, QuerySet

from accounts.models import Account
from billing.models import Backfill, CallDay


@dataclass(frozen=True)
class Progress:
    """Of call days from `first` to `last`. `failure` is a sentence: why the last one that failed did.

    `is_awaited`: days that are missing are being fetched now, because somebody asked for them.
    """

    first: date
    last: date
    done: int
    failed: int
    failure: str
    is_awaited: bool

    @property
    def total(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def missing(self) -> int:
        return self.total - self.done

    @property
    def percent(self) -> int:
        return 100 * self.done // self.total


def progress(*, account: Account, first: date, last: date) -> Progress:
    """`first` not after `last`; the switch is not asked."""
    days = CallDay.objects.filter(account=account, day__range=(first, last))
    done = days.filter(fetched_at__isnull=False).count()
    if done == (last - first).days + 1:
        return Progress(first, last, done, failed=0, failure="", is_awaited=False)
    failed = days.filter(fetched_at__isnull=True, failed_at__isnull=False).order_by("-failed_at")
    latest = failed.first()
    return Progress(
        first=first,
        last=last,
        done=done,
        failed=failed.count(),
        failure=latest.failure if latest else "",
        is_awaited=open_ones(account=account).filter(_touching(first, last)).exists(),
    )


def open_ones(*, account: Account) -> QuerySet[Backfill]:
    return Backfill.objects.filter(account=account, ended_at__isnull=True)


def _touching(first: date, last: date) -> Q:
    return Q(first__lte=last, last__gte=first)
