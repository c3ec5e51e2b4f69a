"""The chain of the balances that the switch stated: what must lie between two of them, and where it does not.

Plain arithmetic: amounts are whole millionths of the currency and instants whole microseconds since 1970, so that a
month of a busy account fits in memory.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import groupby, pairwise, permutations
from math import isqrt

# The switch writes a call's fee some moments before or after the payment beside it.
BOOKED_WITHIN = 60_000_000
# More payments of one instant than this stay in the order in which they were stated: trying all orders takes too long.
MOST_PERMUTED = 5


@dataclass
class Flow:
    """Amounts in the order of their instants; `sums[n]` is the sum of the first n amounts."""

    times: array[int] = field(default_factory=lambda: array("q"))
    sums: array[int] = field(default_factory=lambda: array("q", [0]))

    def add(self, at: int, amount: int) -> None:
        """Append an amount, whose instant must not be before the last one."""
        self.times.append(at)
        self.sums.append(self.sums[-1] + amount)

    def count_until(self, at: int) -> int:
        """How many of the amounts are of this instant or an earlier one."""
        return bisect_right(self.times, at)

    def count_before(self, at: int) -> int:
        """How many of the amounts are of an earlier instant."""
        return bisect_left(self.times, at)

    def between(self, begin: int, end: int) -> int:
        """Return the sum of the amounts from `begin`, included, to `end`, excluded."""
        return self.sums[self.count_before(end)] - self.sums[self.count_before(begin)]


@dataclass(frozen=True)
class Stated:
    """A balance that the switch stated at an instant.

    A booking (a payment or a charge) states the balance after its own `amount`, by the switch's clock. A reading has no
    amount, and its instant is by the portal's clock.
    """

    at: int
    balance: int
    amount: int | None = None


@dataclass(frozen=True)
class Gap:
    """A stretch between two stated balances over which the balance moved as no record says.

    `begin` is the last instant whose balance was as expected. `difference` is the stated balance at the end minus the
    expected one. `stated` is the balance at the end, before the payment or charge that states it.
    """

    begin: int
    end: int
    difference: int
    stated: int


@dataclass(frozen=True)
class Anchor:
    """A balance, and how many of the chain's bookings and calls are already in it.

    A call that ends within `slack` of it may be in it or not. The slack is zero once another balance has confirmed
    which calls are.
    """

    at: int
    balance: int
    bookings: int
    calls: int
    slack: int


@dataclass
class Chain:
    """What an account's balance went through: the bookings that state it, the readings, and the fees of the calls.

    `bookings` are payments and charges, in any order, and `booked` what they come to; `calls` are the fees at the ends
    of the calls. `reading_slack` is how far the portal's clock may be from the switch's. `find_gaps` fills `anchors`,
    the balances that the chain was followed from, and `gaps`.
    """

    bookings: list[Stated]
    calls: Flow
    readings: list[Stated]
    reading_slack: int
    booked: Flow = field(init=False)
    anchors: list[Anchor] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.bookings = list(_in_order(self.bookings))
        self.booked = Flow()
        for booking in self.bookings:
            self.booked.add(booking.at, booking.amount or 0)

    def find_gaps(self, begin: int, end: int) -> None:
        """Follow the balances that were stated from `begin` to `end`, and keep what nothing explains as gaps."""
        last_at = begin
        for place, stated in self._stated(begin, end):
            if self.anchors:
                difference = self._difference(place, stated)
                if difference:
                    self._add_gap(Gap(last_at, stated.at, difference, stated.balance - (stated.amount or 0)))
                    self._add_anchor(place, stated)
            else:
                self._add_anchor(place, stated)
            last_at = stated.at

    def _add_gap(self, gap: Gap) -> None:
        """Keep a gap; those within one and the same instant become one, because nothing tells them apart."""
        if self.gaps and (self.gaps[-1].begin, self.gaps[-1].end) == (gap.begin, gap.end):
            gap = replace(gap, difference=gap.difference + self.gaps.pop().difference)
        if gap.difference:
            self.gaps.append(gap)

    def balance_before(self, at: int) -> int | None:
        """Return the balance as the instant begins, or None when no balance was ever stated."""
        if not self.anchors:
            return None
        following = bisect_right([anchor.at for anchor in self.anchors], at - 1)
        anchor = self.anchors[max(following - 1, 0)]
        return self._expected(anchor, self.booked.count_before(at), self.calls.count_before(at))

    def calls_near(self, at: int) -> list[int]:
        """How many calls may be in a balance of this instant, the likeliest number first."""
        return self._counts_near(self.calls, at, BOOKED_WITHIN)

    def _stated(self, begin: int, end: int) -> Iterator[tuple[int | None, Stated]]:
        """Every stated balance in order, with the place of its booking; the place of a reading is None."""
        rows: Iterable[tuple[int | None, Stated]] = [
            *enumerate(self.bookings),
            *((None, reading) for reading in self.readings),
        ]
        return iter(sorted((row for row in rows if begin <= row[1].at <= end), key=_instant_and_place))

    def _difference(self, place: int | None, stated: Stated) -> int:
        """By how much a balance differs from the expected one.

        Zero when some order of nearly simultaneous events explains it; a booking's balance then is the next anchor.
        """
        by_time = self.calls.count_until(stated.at)
        counts = [place + 1] if place is not None else self._counts_near(self.booked, stated.at, self.reading_slack)
        slack, last = self._slack_of(place), self.anchors[-1]
        for bookings in counts:
            calls = self._matching_calls(stated, bookings, [by_time, *self._counts_near(self.calls, stated.at, slack)])
            if calls is None and last.slack and self._is_explained_by_anchor(stated, bookings, by_time):
                calls = by_time
            if calls is not None:
                if place is not None:
                    self.anchors.append(Anchor(stated.at, stated.balance, bookings, calls, slack=0))
                return 0
        return stated.balance - self._expected(last, counts[0], by_time)

    def _matching_calls(self, stated: Stated, bookings: int, counts: list[int]) -> int | None:
        """The first of these numbers of calls with which the balance is the expected one."""
        last = self.anchors[-1]
        for calls in counts:
            if abs(stated.balance - self._expected(last, bookings, calls)) <= noise(calls - last.calls):
                return calls
        return None

    def _is_explained_by_anchor(self, stated: Stated, bookings: int, calls: int) -> bool:
        """Whether other calls were in the last anchor than its instant says; that anchor is then put right."""
        last = self.anchors[-1]
        for count in self._counts_near(self.calls, last.at, last.slack):
            other = replace(last, calls=count, slack=0)
            if abs(stated.balance - self._expected(other, bookings, calls)) <= noise(calls - count):
                self.anchors[-1] = other
                return True
        return False

    def _expected(self, anchor: Anchor, bookings: int, calls: int) -> int:
        """The balance with this many bookings and calls in it, as it follows from the anchor."""
        booked = self.booked.sums[bookings] - self.booked.sums[anchor.bookings]
        return anchor.balance + booked - (self.calls.sums[calls] - self.calls.sums[anchor.calls])

    def _add_anchor(self, place: int | None, stated: Stated) -> None:
        bookings = self.booked.count_until(stated.at) if place is None else place + 1
        calls = self.calls.count_until(stated.at)
        self.anchors.append(Anchor(stated.at, stated.balance, bookings, calls, self._slack_of(place)))

    def _slack_of(self, place: int | None) -> int:
        return self.reading_slack if place is None else BOOKED_WITHIN

    def _counts_near(self, flow: Flow, at: int, slack: int) -> list[int]:
        """Numbers of amounts around an instant: first the one that the instant itself says, then outwards."""
        by_time = flow.count_until(at)
        lowest, highest = flow.count_before(at - slack), flow.count_until(at + slack)
        return sorted(range(lowest, highest + 1), key=lambda count: abs(count - by_time))


def noise(calls: int) -> int:
    """What the rounding of each fee to a millionth may add up to; it grows with the root of the number of calls."""
    return 2 * isqrt(abs(calls)) + 1


def _instant_and_place(row: tuple[int | None, Stated]) -> tuple[int, int]:
    place, stated = row
    return stated.at, -1 if place is None else place


def _in_order(rows: list[Stated]) -> Iterator[Stated]:
    """Order bookings by their instants, and those of one instant so that their balances follow one another."""
    for _, group in groupby(sorted(rows, key=lambda row: row.at), key=lambda row: row.at):
        members = list(group)
        if 1 < len(members) <= MOST_PERMUTED:
            yield from min(permutations(members), key=_leaps)
        else:
            yield from members


def _leaps(rows: Iterable[Stated]) -> int:
    """How far the balances are from following one another; the fees of calls between them are small leaps."""
    return sum(abs(later.balance - earlier.balance - (later.amount or 0)) for earlier, later in pairwise(rows))
