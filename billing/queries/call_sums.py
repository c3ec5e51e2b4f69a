"""What the calls of a filter come to. Whole hours are read from what was added up with them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from django.db.models import Count, Q, QuerySet, Sum

from accounts.models import Account
from billing.models import Call, CallTotal
from billing.queries.call_filter import CallFilter, matching
from billing.queries.days import begin_of, end_of

ZERO = Decimal(0)
SUMMED = ("calls", "answered", "talk_seconds", "billed_seconds", "fee")
# Whole hours, so that no edge of an hour lies before or after.
EVER, NEVER = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, tzinfo=UTC)


@dataclass(frozen=True)
class Totals:
    calls: int
    answered: int
    talk_seconds: int
    billed_seconds: int
    fee: Decimal

    def __add__(self, other: Totals) -> Totals:
        return Totals(
            calls=self.calls + other.calls,
            answered=self.answered + other.answered,
            talk_seconds=self.talk_seconds + other.talk_seconds,
            billed_seconds=self.billed_seconds + other.billed_seconds,
            fee=self.fee + other.fee,
        )

    @property
    def answered_ratio(self) -> float | None:
        return self.answered / self.calls if self.calls else None

    @property
    def average_seconds(self) -> float | None:
        """Of an answered call."""
        return self.talk_seconds / self.answered if self.answered else None


def totals(*, account: Account, filter: CallFilter) -> Totals:
    """Over the very rows that the list has. Takes long where the filter narrows very many calls."""
    calls = matching(account=account, filter=filter)
    if filter.narrows:
        return of_rows(calls)
    begin = begin_of(filter.first, filter.zone) if filter.first else EVER
    end = end_of(filter.last, filter.zone) if filter.last else NEVER
    first_hour, last_hour = _hour_from(begin), end.replace(minute=0, second=0, microsecond=0)
    if first_hour >= last_hour:
        return of_rows(calls)
    found = _of_hours(account, first_hour, last_hour)
    # Days of half-hour zones begin and end within an hour.
    if begin < first_hour:
        found += of_rows(calls.filter(started_at__lt=first_hour))
    if last_hour < end:
        found += of_rows(calls.filter(started_at__gte=last_hour))
    return found


def _hour_from(at: datetime) -> datetime:
    hour = at.replace(minute=0, second=0, microsecond=0)
    return hour if hour == at else hour + timedelta(hours=1)


def _of_hours(account: Account, begin: datetime, end: datetime) -> Totals:
    hours = CallTotal.objects.filter(account=account, hour__gte=begin, hour__lt=end)
    return Totals(**hours.aggregate(**{name: Sum(name, default=0) for name in SUMMED}))


def of_rows(calls: QuerySet[Call]) -> Totals:
    sums = calls.aggregate(
        calls=Count("*"),
        answered=Count("id", filter=Q(talk_seconds__gt=0)),
        talk_seconds=Sum("talk_seconds", default=0),
        billed_seconds=Sum("billed_seconds", default=0),
        fee=Sum("fee", default=ZERO),
    )
    return Totals(**sums)
