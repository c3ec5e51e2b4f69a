"""Questions about more days than the switch answers at once: they are asked, and their answers read, in parts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date, datetime, timedelta
from itertools import chain
from math import ceil
from typing import Protocol, TypeVar

from .errors import OVER_RANGE, Refused
from .rows import Listed, UnreadableRow

T = TypeVar("T")
DAY = timedelta(days=1)
# An hour that the clock shows twice makes a range longer at both its ends.
ROOM = timedelta(hours=2)
# Parts of a time overlap, because it is not known whether the last second of one belongs to it.
OVERLAP = timedelta(seconds=2)


class Ranges(Protocol):
    """How many days one question may be about, as far as is known: None for any. It is told what it turns out to be."""

    def longest(self) -> int | None: ...

    def learnt(self, days: int) -> None: ...


class AnyRange:
    """Knows of no limit, and remembers what it is told."""

    def __init__(self) -> None:
        self._longest: int | None = None

    def longest(self) -> int | None:
        return self._longest

    def learnt(self, days: int) -> None:
        self._longest = days


def days_in_parts(ranges: Ranges, first: date, last: date, ask: Callable[[date, date], Listed[T]]) -> Listed[T]:
    """Ask about whole days, both ends included, in as few parts as the switch answers. Raises what `ask` raises."""
    parts: list[Listed[T]] = []
    search = _Search(ranges)
    while first <= last:
        end = last if search.longest is None else min(last, first + (search.longest - 1) * DAY)
        try:
            parts.append(ask(first, end))
        except Refused as error:
            search.shorten(error, (end - first).days + 1)
        else:
            search.answered()
            first = end + DAY
    return Listed(chain.from_iterable(parts), (row for part in parts for row in part.unreadable))


def time_in_parts(
    ranges: Ranges, begin: datetime, end: datetime, ask: Callable[[datetime, datetime], Listed[T]]
) -> Listed[T]:
    """Ask about the time between two instants in as few parts as the switch answers. Raises what `ask` raises.

    A row in two parts that overlap is one row. Equal rows are of one instant, so each part has all of them or none.
    """
    rows: Counter[T] = Counter()
    unreadable: list[UnreadableRow] = []
    search = _Search(ranges)
    while True:
        part_end = end if search.longest is None else min(end, begin + search.longest * DAY - ROOM)
        try:
            part = ask(begin, part_end)
        except Refused as error:
            search.shorten(error, ceil((part_end - begin) / DAY))
            continue
        search.answered()
        rows |= Counter(part)
        unreadable += [row for row in part.unreadable if row not in unreadable]
        if part_end == end:
            return Listed(rows.elements(), unreadable)
        begin = part_end - OVERLAP


class _Search:
    """The search for the longest range. One is learnt when it was answered: a switch that refuses a single day too has
    another reason than the range.
    """

    def __init__(self, ranges: Ranges) -> None:
        self._ranges = ranges
        self._is_tried = False
        self.longest = ranges.longest()

    def shorten(self, error: Refused, days: int) -> None:
        """Go on with half of what was refused as too long. Raises the refusal where that is not the reason."""
        if error.code != OVER_RANGE or days <= 1:
            raise error
        self.longest, self._is_tried = days // 2, True

    def answered(self) -> None:
        if self._is_tried and self.longest is not None:
            self._ranges.learnt(self.longest)
        self._is_tried = False
