"""How far the calls of a range of days have come in."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from django.db.models import Q, QuerySet

from accounts.models import Account
from billing.calls.models import Backfill, CallDay
from billing.lib.days import each_day
from billing.lib.reasons import Reason

IS_FETCHED = Q(fetched_at__isnull=False, calls_dropped=False)


@dataclass(frozen=True)
class Progress:
    """How far the call days from `first` to `last` have come in; `failure` says why the latest failed.

    `awaited` counts missing days that are being fetched, because a person asked for them; `failing` counts those of
    them that could not be fetched when it was their turn.
    """

    first: date
    last: date
    fetched: Collection[date]
    failed: int
    failure: Reason | None
    awaited: int
    failing: int

    @property
    def done(self) -> int:
        return len(self.fetched)

    @property
    def total(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def missing(self) -> int:
        return self.total - self.done

    @property
    def missing_days(self) -> list[date]:
        return [day for day in each_day(self.first, self.last) if day not in self.fetched] if self.missing else []

    @property
    def is_awaited(self) -> bool:
        return self.awaited > 0

    @property
    def all_failed(self) -> bool:
        """None of the days that are being fetched could be fetched yet."""
        return self.is_awaited and self.failing == self.awaited

    @property
    def later(self) -> int:
        """How many missing days are not being fetched yet."""
        return self.missing - self.awaited

    @property
    def percent(self) -> int:
        return 100 * self.done // self.total


def progress(*, account: Account, first: date, last: date) -> Progress:
    """Tell how far these days, of which `first` is not after `last`, have come in. The switch is not asked."""
    fetched = fetched_days(account=account, first=first, last=last)
    if len(fetched) == (last - first).days + 1:
        return Progress(first, last, fetched, failed=0, failure=None, awaited=0, failing=0)
    awaited = _asked_for(account, first, last) - fetched
    failed = failed_days(account=account, first=first, last=last)
    latest = _failed(account, first, last).order_by("-failed_at").first()
    return Progress(
        first=first,
        last=last,
        fetched=fetched,
        failed=len(failed),
        failure=latest.why_not_fetched if latest else None,
        awaited=len(awaited),
        failing=len(awaited & failed),
    )


def fetched_days(*, account: Account, first: date, last: date) -> set[date]:
    rows = CallDay.objects.filter(IS_FETCHED, account=account, day__range=(first, last))
    return set(rows.values_list("day", flat=True))


def failed_days(*, account: Account, first: date, last: date) -> set[date]:
    """Find the missing days that could not be fetched when it was their turn."""
    return set(_failed(account, first, last).values_list("day", flat=True))


def open_backfills(*, account: Account) -> QuerySet[Backfill]:
    return Backfill.objects.filter(account=account, ended_at__isnull=True)


def _failed(account: Account, first: date, last: date) -> QuerySet[CallDay]:
    days = CallDay.objects.filter(account=account, day__range=(first, last))
    return days.filter(~IS_FETCHED, failed_at__isnull=False)


def _asked_for(account: Account, first: date, last: date) -> set[date]:
    touching = open_backfills(account=account).filter(first__lte=last, last__gte=first)
    return {day for one in touching for day in each_day(max(one.first, first), min(one.last, last))}
