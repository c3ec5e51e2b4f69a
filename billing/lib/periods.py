"""Days in a row as the bars of a chart: days, months or years, whichever are not too many."""

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
    """`firsts` are the first days of each, the oldest first. `edges` are the instants between them and at both ends."""

    unit: Unit
    firsts: tuple[date, ...]
    edges: tuple[datetime, ...]

    def lacking(self, missing: Sequence[date], *, switch: ZoneInfo, today: date) -> list[tuple[int, int]]:
        """Of each, how many days of the switch's calendar that it touches are missing, and how many it touches.

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
    """The first and the last may be parts of a month or a year."""
    for unit in Unit:
        firsts = tuple(_firsts(first, last, unit))
        if len(firsts) <= MOST_SPANS:
            break
    return Spans(unit, firsts, (*(begin_of(day, zone) for day in firsts), end_of(last, zone)))


def _firsts(first: date, last: date, unit: Unit) -> Iterator[date]:
    """One more than may be is enough to tell that there are too many, save of the greatest unit."""
    day, number = first, 0
    while day <= last and (number <= MOST_SPANS or unit == Unit.YEAR):
        yield day
        day, number = _following(day, unit), number + 1


def first_of(day: date, unit: Unit) -> date:
    """Of the day, month or year that it lies in."""
    return {Unit.DAY: day, Unit.MONTH: day.replace(day=1), Unit.YEAR: day.replace(month=1, day=1)}[unit]


def _following(day: date, unit: Unit) -> date:
    if unit == Unit.DAY:
        return day + DAY
    if unit == Unit.YEAR:
        return date(day.year + 1, 1, 1)
    return day.replace(day=1) + MONTH
