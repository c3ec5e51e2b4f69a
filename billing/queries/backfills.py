"""How far the calls of a stretch of days have come in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db.models import QuerySet

from accounts.models import Account
from billing.models import Backfill, CallDay
from billing.queries.days import each_day


@dataclass(frozen=True)
class Progress:
    """Of call days from `first` to `last`. `failure` is a sentence: why the last one that failed did.

    `awaited` of the missing days are being fetched, because somebody asked for them.
    """

    first: date
    last: date
    done: int
    failed: int
    failure: str
    awaited: int

    @property
    def total(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def missing(self) -> int:
        return self.total - self.done

    @property
    def is_awaited(self) -> bool:
        return self.awaited > 0

    @property
    def all_failed(self) -> bool:
        """None of the days that are being fetched could be fetched yet."""
        return self.is_awaited and self.failed >= self.awaited

    @property
    def later(self) -> int:
        """Missing days that nobody is fetching yet."""
        return self.missing - self.awaited

    @property
    def percent(self) -> int:
        return 100 * self.done // self.total


def progress(*, account: Account, first: date, last: date) -> Progress:
    """`first` not after `last`; the switch is not asked."""
    days = CallDay.objects.filter(account=account, day__range=(first, last))
    here = fetched_days(account=account, first=first, last=last)
    if len(here) == (last - first).days + 1:
        return Progress(first, last, len(here), failed=0, failure="", awaited=0)
    failed = days.filter(fetched_at__isnull=True, failed_at__isnull=False).order_by("-failed_at")
    latest = failed.first()
    return Progress(
        first=first,
        last=last,
        done=len(here),
        failed=failed.count(),
        failure=latest.failure if latest else "",
        awaited=len(_asked_for(account, first, last) - here),
    )


def fetched_days(*, account: Account, first: date, last: date) -> set[date]:
    rows = CallDay.objects.filter(account=account, day__range=(first, last), fetched_at__isnull=False)
    return set(rows.values_list("day", flat=True))


def open_ones(*, account: Account) -> QuerySet[Backfill]:
    return Backfill.objects.filter(account=account, ended_at__isnull=True)


def _asked_for(account: Account, first: date, last: date) -> set[date]:
    touching = open_ones(account=account).filter(first__lte=last, last__gte=first)
    return {day for one in touching for day in each_day(max(one.first, first), min(one.last, last))}
