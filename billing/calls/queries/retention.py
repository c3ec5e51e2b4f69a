"""How far back single calls are kept. Their totals by hour and by day are kept for good."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from django.conf import settings

from accounts.models import Switch
from billing.lib.days import DAY, MONTH, day_of

# A call starts near the day that reports it.
NEAR_ITS_DAY = timedelta(days=8)


def kept_from(now: datetime) -> datetime | None:
    """The instant, the beginning of a month (UTC), from which on calls are kept; None when all are."""
    months = settings.CALL_RETENTION_MONTHS
    if not months:
        return None
    return datetime.combine(now.astimezone(UTC).date().replace(day=1) - months * MONTH, time.min, UTC)


def first_whole_day(now: datetime) -> date:
    """The first call day of which surely every call is kept. Days before it are neither fetched nor compared."""
    begin = kept_from(now)
    return date.min if begin is None else (begin + NEAR_ITS_DAY).date()


def first_known_day(*, switch: Switch, now: datetime) -> date:
    """The first call day that is kept here and that the switch still has, as far as a setting says what it keeps."""
    if switch.call_days_kept is None:
        return first_whole_day(now)
    return max(first_whole_day(now), day_of(now, switch.zone) - switch.call_days_kept * DAY)


def first_compared_day(*, switch: Switch, now: datetime) -> date:
    """The first call day that is surely whole on the switch, so that what it dropped is not taken for a difference."""
    return first_known_day(switch=switch, now=now) + (DAY if switch.call_days_kept else timedelta(0))


def missing_from(begin: datetime | None, now: datetime) -> datetime | None:
    """The instant from which on calls are kept, where it is later than `begin`; None stands for the earliest time."""
    kept = kept_from(now)
    return kept if kept and (begin is None or begin < kept) else None
