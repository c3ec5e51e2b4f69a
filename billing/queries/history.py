"""An account's calls as its pages show them: newest first, read by key. The switch is never asked here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db.models import Count, Q, QuerySet, Sum

from accounts.models import Account
from billing.models import Call, CallDay, CallTotal
from billing.queries.cursors import from_cursor, to_cursor
from billing.queries.days import begin_of, day_of, end_of

ZERO = Decimal(0)
# The longest stretch of days whose states are listed at once.
MOST_DAYS = 400
SUMMED = ("calls", "answered", "talk_seconds", "billed_seconds", "fee")
# Whole hours, so that no edge of an hour lies before or after.
EVER, NEVER = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, tzinfo=UTC)


@dataclass(frozen=True)
class CallFilter:
    """Days are days of `zone`, both included. `number` is how the caller's or the called number begins."""

    zone: ZoneInfo
    first: date | None = None
    last: date | None = None
    number: str = ""
    answered: bool | None = None


@dataclass(frozen=True)
class Page:
    """`older` and `newer` are the cursors for `after` and `before`; None where the list ends."""

    calls: list[Call]
    older: str | None
    newer: str | None


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


def page(
    *,
    account: Account,
    filter: CallFilter,
    after: str | None = None,
    before: str | None = None,
    size: int = 50,
) -> Page:
    """The calls that follow `after` (older) or precede `before` (newer)."""
    calls = matching(account=account, filter=filter)
    older_than, newer_than = from_cursor(after), from_cursor(before)
    if newer_than and not older_than:
        return _page_before(calls, newer_than, size)
    if older_than:
        at, flow_no = older_than
        # The first condition is implied by the second; it is what the index can seek to.
        calls = calls.filter(started_at__lte=at).filter(Q(started_at__lt=at) | Q(flow_no__lt=flow_no))
    rows = list(calls.order_by("-started_at", "-flow_no")[: size + 1])
    shown = rows[:size]
    return Page(
        shown,
        older=_cursor(shown[-1]) if len(rows) > size else None,
        newer=_cursor(shown[0]) if shown and older_than else None,
    )


def _page_before(calls: QuerySet[Call], place: tuple[datetime, int], size: int) -> Page:
    at, flow_no = place
    calls = calls.filter(started_at__gte=at).filter(Q(started_at__gt=at) | Q(flow_no__gt=flow_no))
    rows = list(calls.order_by("started_at", "flow_no")[: size + 1])
    shown = rows[:size][::-1]
    return Page(
        shown,
        older=_cursor(shown[-1]) if shown else None,
        newer=_cursor(shown[0]) if len(rows) > size else None,
    )


def _cursor(call: Call) -> str:
    return to_cursor(call.started_at, call.flow_no)


def matching(*, account: Account, filter: CallFilter) -> QuerySet[Call]:
    calls = Call.objects.filter(account=account)
    if filter.first:
        calls = calls.filter(started_at__gte=begin_of(filter.first, filter.zone))
    if filter.last:
        calls = calls.filter(started_at__lt=end_of(filter.last, filter.zone))
    if filter.number:
        calls = calls.filter(Q(callee__startswith=filter.number) | Q(caller__startswith=filter.number))
    if filter.answered is not None:
        calls = calls.filter(talk_seconds__gt=0) if filter.answered else calls.filter(talk_seconds__lte=0)
    return calls


def has_older(*, account: Account, filter: CallFilter) -> bool:
    """Whether the account has calls before the filter's days."""
    if filter.first is None:
        return False
    return Call.objects.filter(account=account, started_at__lt=begin_of(filter.first, filter.zone)).exists()


def totals(*, account: Account, filter: CallFilter) -> Totals:
    """Over the very rows that `page` lists; whole hours are read from what was added up with them."""
    calls = matching(account=account, filter=filter)
    if filter.number or filter.answered is not None:
        return _of_rows(calls)
    begin = begin_of(filter.first, filter.zone) if filter.first else EVER
    end = end_of(filter.last, filter.zone) if filter.last else NEVER
    first_hour, last_hour = _hour_from(begin), end.replace(minute=0, second=0, microsecond=0)
    if first_hour >= last_hour:
        return _of_rows(calls)
    found = _of_hours(account, first_hour, last_hour)
    # Days of half-hour zones begin and end within an hour.
    if begin < first_hour:
        found += _of_rows(calls.filter(started_at__lt=first_hour))
    if last_hour < end:
        found += _of_rows(calls.filter(started_at__gte=last_hour))
    return found


def _hour_from(at: datetime) -> datetime:
    hour = at.replace(minute=0, second=0, microsecond=0)
    return hour if hour == at else hour + timedelta(hours=1)


def _of_hours(account: Account, begin: datetime, end: datetime) -> Totals:
    hours = CallTotal.objects.filter(account=account, hour__gte=begin, hour__lt=end)
    return Totals(**hours.aggregate(**{name: Sum(name, default=0) for name in SUMMED}))


def _of_rows(calls: QuerySet[Call]) -> Totals:
    sums = calls.aggregate(
        calls=Count("*"),
        answered=Count("id", filter=Q(talk_seconds__gt=0)),
        talk_seconds=Sum("talk_seconds", default=0),
        billed_seconds=Sum("billed_seconds", default=0),
        fee=Sum("fee", default=ZERO),
    )
    return Totals(**sums)


def days(*, account: Account, filter: CallFilter) -> dict[date, CallDay]:
    """The switch's days that the filter touches, as far as known; a day that is not here was never asked for."""
    rows = CallDay.objects.filter(account=account)
    if filter.first:
        rows = rows.filter(day__gte=_switch_day(account, begin_of(filter.first, filter.zone)))
    if filter.last and filter.last < date.max:
        last = end_of(filter.last, filter.zone) - timedelta(microseconds=1)
        rows = rows.filter(day__lte=_switch_day(account, last))
    return {row.day: row for row in rows.order_by("-day")[:MOST_DAYS]}


def _switch_day(account: Account, at: datetime) -> date:
    return day_of(at, account.switch.zone) if at > datetime(1, 1, 3, tzinfo=UTC) else date.min


def recent(*, account: Account, size: int = 5) -> list[Call]:
    return list(Call.objects.filter(account=account).order_by("-started_at", "-flow_no")[:size])
