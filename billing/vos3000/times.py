"""Ranges of time in a request, which are text in the switch's own zone.

An hour that the switch's clock shows twice cannot be told apart in that text, so a range is rather asked too wide than
too narrow: it starts before such an hour and ends after it.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

SECOND = timedelta(seconds=1)
ANY_ZONE = timedelta(hours=26)
"""How far a time in a request may be from the one that was meant, where the zone is unknown: +14:00 to -12:00."""


def days(first: date, last: date) -> dict[str, str]:
    """Return the fields of a request that ask for whole days of the switch's calendar, both included."""
    _check_order(first, last)
    return {"beginTime": day_text(first), "endTime": day_text(last)}


def moments(begin: datetime, end: datetime, zone: ZoneInfo) -> dict[str, str]:
    """Return the fields of a request that ask from one aware moment to another."""
    _check_order(begin, end)
    return {"beginTime": earliest_text(begin, zone), "endTime": latest_text(end, zone)}


def _check_order(begin: date, end: date) -> None:
    if begin > end:
        raise ValueError("The range ends before it begins.")


def day_text(day: date) -> str:
    return day.strftime("%Y%m%d")


def earliest_text(moment: datetime, zone: ZoneInfo) -> str:
    return _text(moment - _doubt(moment, zone), zone)


def latest_text(moment: datetime, zone: ZoneInfo) -> str:
    """Part of a second counts as a whole one."""
    part = SECOND if moment.microsecond else timedelta(0)
    return _text(moment + part + _doubt(moment, zone), zone)


def _text(moment: datetime, zone: ZoneInfo) -> str:
    return moment.astimezone(zone).strftime("%Y%m%d%H%M%S")


def _doubt(moment: datetime, zone: ZoneInfo) -> timedelta:
    """How long the hour lasts that `moment` may stand for twice; zero for nearly all moments."""
    if moment.tzinfo is None:
        raise ValueError("A moment needs its time zone.")
    local = moment.astimezone(UTC).astimezone(zone)
    first, second = (local.replace(fold=fold).utcoffset() for fold in (0, 1))
    if first is None or second is None:
        return timedelta(0)
    return max(first - second, timedelta(0))
