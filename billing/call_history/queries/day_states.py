"""How sure a day of the reader's calendar is: as sure as the least sure day of the switch's that it touches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import IntEnum
from zoneinfo import ZoneInfo

from billing.calls.models import CallDay, DayState
from billing.lib.days import begin_of, day_of, each_day, end_of
from billing.lib.reasons import Reason

# How many of the days that are not proven a page lists.
MOST_LISTED = 31


class Sureness(IntEnum):
    """How sure the calls of a day are, from the least sure on."""

    NOT_FETCHED = 0
    DIFFERS = 1
    NOT_KNOWN = 2
    BEING_FETCHED = 3
    NOT_CHECKED = 4
    IN_PROGRESS = 5
    PROVEN = 6


@dataclass(frozen=True)
class SwitchDay:
    """One day of the switch's calendar. `known` is None for a day that was never asked for."""

    day: date
    sureness: Sureness
    known: CallDay | None

    @property
    def state(self) -> str:
        return self.sureness.name.lower()

    @property
    def unreadable(self) -> int:
        return self.known.unreadable if self.known else 0

    @property
    def elsewhere(self) -> int:
        """How many calls the switch reports on this day and the list has on another."""
        return self.known.elsewhere_calls if self.known else 0

    @property
    def failure(self) -> Reason | None:
        """Why the last try to fetch the day failed; None when it was fetched since."""
        known = self.known
        if known is None or known.failed_at is None:
            return None
        return known.why_not_fetched if known.fetched_at is None or known.failed_at > known.fetched_at else None

    @property
    def has_more_to_say(self) -> bool:
        return bool(self.unreadable or self.elsewhere or self.failure)


@dataclass(frozen=True)
class ReaderDay:
    """`parts` are the days of the switch's calendar that it touches, the oldest first; none that are yet to come."""

    parts: tuple[SwitchDay, ...]
    same_calendar: bool

    @property
    def state(self) -> str:
        """The state of the least sure part; empty for a day that the switch has not begun."""
        return min(self.parts, key=lambda part: part.sureness).state if self.parts else ""

    @property
    def is_given_up(self) -> bool:
        """Whether none of the days that differ is fetched again by itself."""
        differing = [part.known for part in self.parts if part.sureness == Sureness.DIFFERS]
        return all(row is not None and row.is_given_up for row in differing)

    @property
    def explained(self) -> tuple[SwitchDay, ...]:
        """The parts of which there is more to say than the day's own state."""
        if not self.same_calendar:
            return self.parts
        return tuple(one for one in self.parts if one.sureness == Sureness.DIFFERS or one.has_more_to_say)


@dataclass(frozen=True)
class Stretch:
    """Days of the switch's calendar in a row, the newest first."""

    days: tuple[SwitchDay, ...]

    @property
    def proven(self) -> tuple[CallDay, ...]:
        known = (one.known for one in self.days if one.sureness == Sureness.PROVEN)
        return tuple(row for row in known if row is not None)

    @property
    def calls(self) -> int:
        """How many calls the proven days have; `fee` is what these cost."""
        return sum(row.calls for row in self.proven)

    @property
    def fee(self) -> Decimal:
        return sum((row.fee for row in self.proven), Decimal(0))

    @property
    def others(self) -> tuple[SwitchDay, ...]:
        return tuple(one for one in self.days if one.sureness != Sureness.PROVEN)

    @property
    def listed(self) -> tuple[SwitchDay, ...]:
        return self.others[:MOST_LISTED]

    @property
    def unlisted(self) -> int:
        return len(self.others) - len(self.listed)

    @property
    def counts(self) -> list[tuple[str, int]]:
        """How many of the days that are not proven are in which state, the least sure first."""
        counted = Counter(one.sureness for one in self.others)
        return [(sureness.name.lower(), counted[sureness]) for sureness in sorted(counted)]


@dataclass(frozen=True)
class Calendar:
    """What is known of the switch's days. Those in `fetching` are being fetched at this moment."""

    reader: ZoneInfo
    switch: ZoneInfo
    known: Mapping[date, CallDay]
    fetching: Collection[date]
    now: datetime

    def state_of(self, day: date) -> ReaderDay:
        """How sure a day of the reader's calendar is."""
        days = tuple(self._part(one) for one in touched(day, reader=self.reader, switch=self.switch, now=self.now))
        return ReaderDay(days, same_calendar=self.reader.key == self.switch.key)

    def stretch(self, first: date, last: date) -> Stretch:
        """The days of the switch's calendar from the first to the last."""
        return Stretch(tuple(self._part(day) for day in each_day(first, last))[::-1])

    def _part(self, day: date) -> SwitchDay:
        known = self.known.get(day)
        return SwitchDay(day, self._sureness(day, known), known)

    def _sureness(self, day: date, known: CallDay | None) -> Sureness:
        if day == day_of(self.now, self.switch):
            return Sureness.IN_PROGRESS
        if day in self.fetching:
            return Sureness.BEING_FETCHED
        if known is None or known.fetched_at is None:
            return Sureness.NOT_FETCHED
        of_state = {
            DayState.PROVEN: Sureness.PROVEN,
            DayState.DIFFERS: Sureness.DIFFERS,
            DayState.NOT_KNOWN: Sureness.NOT_KNOWN,
        }
        return of_state.get(DayState(known.state), Sureness.NOT_CHECKED)


def touched(day: date, *, reader: ZoneInfo, switch: ZoneInfo, now: datetime) -> Iterator[date]:
    """The days of the switch's calendar, up to its today, that a day of the reader's calendar lies on."""
    first = day_of(begin_of(day, reader), switch)
    last = day_of(end_of(day, reader) - timedelta(microseconds=1), switch)
    return (one for one in each_day(first, min(last, day_of(now, switch))))
