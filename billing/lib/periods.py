"""Cuts a range of days into the bars of a chart: days, months or years, the finest that are not too many."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from zoneinfo import ZoneInfo

from billing.lib.days import DAY, MONTH, begin_of, day_of, end_of

MOST_SPANS = 92


class Unit(StrEnum):
    DAY = "day"
    MONTH = "month"
    YEAR = "year"


@dataclass(frozen=True)
class Spans:
    """Periods in a row: `firsts` are their first days, oldest first; `edges` the instants between and around them."""

    unit: Unit
    firsts: tuple[date, ...]
    edges: tuple[datetime, ...]

    def lacking(self, missing: Sequence[date], *, switch: ZoneInfo, today: date) -> list[tuple[int, int]]:
        """Count for each period the days of the switch's calendar that are missing in it, and all that it touches.

        `missing` are in order, and none is after the switch's `today`.
        """
        touched = [
            (day_of(begin, switch), min(day_of(end - timedelta(microseconds=1), switch), today))
            for begin, end in pairwise(self.edges)
        ]
        return [
            (bisect_right(missing, last) - bisect_left(missing, first), (last - first).days + 1)
            for first, last in touched
        ]


def spans(first: date, last: date, zone: ZoneInfo) -> Spans:
    """Cut the days into periods; the first and the last may be parts of a month or a year."""
    for unit in Unit:
        firsts = tuple(_firsts(first, last, unit))
        if len(firsts) <= MOST_SPANS:
            break
    return Spans(unit, firsts, (*(begin_of(day, zone) for day in firsts), end_of(last, zone)))


def _firsts(first: date, last: date, unit: Unit) -> Iterator[date]:
    """List the first days; one more than allowed is enough to tell that there are too many, save for years."""
    day, number = first, 0
    while day <= last and (number <= MOST_SPANS or unit == Unit.YEAR):
        yield day
        day, number = _following(day, unit), number + 1


def first_of(day: date, unit: Unit) -> date:
    """Return the first day of the day, month or year that a day lies in."""
    return {Unit.DAY: day, Unit.MONTH: day.replace(day=1), Unit.YEAR: day.replace(month=1, day=1)}[unit]


def _following(day: date, unit: Unit) -> date:
    if unit == Unit.DAY:
        return day + DAY
    if unit == Unit.YEAR:
        return date(day.year + 1, 1, 1)
    return day.replace(day=1) + MONTH
