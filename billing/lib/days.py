"""Days of a calendar as instants."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta

DAY = timedelta(days=1)
# On the calendar: from the first of a month to the first of the next.
MONTH = relativedelta(months=1)


def begin_of(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time.min, zone).astimezone(UTC)


def end_of(day: date, zone: ZoneInfo) -> datetime:
    """Return the first instant after a day, which may have 23 or 25 hours."""
    return datetime.max.replace(tzinfo=UTC) if day == date.max else begin_of(day + DAY, zone)


def day_of(at: datetime, zone: ZoneInfo) -> date:
    return at.astimezone(zone).date()


def each_day(first: date, last: date) -> Iterator[date]:
    for number in range((last - first).days + 1):
        yield first + timedelta(days=number)


def noon(day: date) -> datetime:
    return datetime.combine(day, time(12), UTC)
