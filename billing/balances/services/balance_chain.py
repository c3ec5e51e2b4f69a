"""The chain of stated balances: what must lie between two of them, and where it does not.

Plain arithmetic on whole millionths and microseconds, so that a month of a busy account fits in memory.
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
# Equal instants of more payments than this are taken in the order in which they were stated.
MOST_PERMUTED = 5


@dataclass
class Flow:
    """Amounts in the order of their instants; `sums[n]` is the sum of the first n."""

    times: array[int] = field(default_factory=lambda: array("q"))
    sums: array[int] = field(default_factory=lambda: array("q", [0]))

    def add(self, at: int, amount: int) -> None:
        """Instants must not go back."""
        self.times.append(at)
        self.sums.append(self.sums[-1] + amount)

    def count_until(self, at: int) -> int:
        return bisect_right(self.times, at)

    def count_before(self, at: int) -> int:
        return bisect_left(self.times, at)

    def between(self, begin: int, end: int) -> int:
        """The sum from `begin`, included, to `end`, excluded."""
        return self.sums[self.count_before(end)] - self.sums[self.count_before(begin)]


@dataclass(frozen=True)
class Stated:
    """A payment or charge with the balance after it; a reading has no amount and stands on the portal's clock."""

    at: int
    balance: int
    amount: int | None = None


@dataclass(frozen=True)
class Gap:
    """`difference` is stated minus expected; `begin` is the last instant at which all was well.

    `stated` is the balance at its end, before the payment or charge that states it.
    """

    begin: int
    end: int
    difference: int
    stated: int


@dataclass(frozen=True)
class Anchor:
    """A balance and how many payments and calls are in it."""

    at: int
    balance: int
    fixed: int
    floating: int
    # How far from it calls may end that are in it or not: zero once another balance has confirmed which.
    slack: int


@dataclass
class Chain:
    """`fixed` are payments and charges in order, `calls` the fees at the calls' ends, in order."""

    fixed: list[Stated]
    calls: Flow
    readings: list[Stated]
    slack_of_readings: int
    payments: Flow = field(init=False)
    anchors: list[Anchor] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.fixed = list(_in_order(self.fixed))
        self.payments = Flow()
        for row in self.fixed:
            self.payments.add(row.at, row.amount or 0)

    def walk(self, begin: int, end: int) -> None:
        """Follow the balances that were stated from `begin` to `end`."""
        well_at = begin
        for place, stated in self._stated(begin, end):
            if self.anchors:
                difference = self._difference(place, stated)
                if difference:
                    self._note(Gap(well_at, stated.at, difference, stated.balance - (stated.amount or 0)))
                    self._anchor(place, stated)
            else:
                self._anchor(place, stated)
            well_at = stated.at

    def _note(self, gap: Gap) -> None:
        """Gaps within one and the same instant are one gap: nobody could tell them apart."""
        if self.gaps and (self.gaps[-1].begin, self.gaps[-1].end) == (gap.begin, gap.end):
            gap = replace(gap, difference=gap.difference + self.gaps.pop().difference)
        if gap.difference:
            self.gaps.append(gap)

    def balance_before(self, at: int) -> int | None:
        """The balance as the instant begins; None when none was ever stated."""
        if not self.anchors:
            return None
        place = bisect_right([anchor.at for anchor in self.anchors], at - 1)
        anchor = self.anchors[max(place - 1, 0)]
        paid = self.payments.sums[self.payments.count_before(at)] - self.payments.sums[anchor.fixed]
        called = self.calls.sums[self.calls.count_before(at)] - self.calls.sums[anchor.floating]
        return anchor.balance + paid - called

    def _stated(self, begin: int, end: int) -> Iterator[tuple[int | None, Stated]]:
        places: Iterable[tuple[int | None, Stated]] = [*enumerate(self.fixed), *((None, row) for row in self.readings)]
        return iter(sorted((row for row in places if begin <= row[1].at <= end), key=_when))

    def _difference(self, place: int | None, stated: Stated) -> int:
        """Zero when some order of nearly simultaneous events explains the balance."""
        natural = self.calls.count_until(stated.at)
        counts = [place + 1] if place is not None else self._near(self.payments, stated.at, self.slack_of_readings)
        slack, last = self._slack(place), self.anchors[-1]
        for fixed in counts:
            floating = self._match(stated, fixed, natural, self._near(self.calls, stated.at, slack))
            if floating is not None:
                if place is not None:
                    self.anchors.append(Anchor(stated.at, stated.balance, fixed, floating, slack=0))
                return 0
            if last.slack and self._explained_by_anchor(stated, fixed, natural):
                if place is not None:
                    self.anchors.append(Anchor(stated.at, stated.balance, fixed, natural, slack=0))
                return 0
        return stated.balance - self._expected(last, counts[0], natural)

    def _match(self, stated: Stated, fixed: int, natural: int, near: list[int]) -> int | None:
        last = self.anchors[-1]
        for floating in [natural, *near]:
            if abs(stated.balance - self._expected(last, fixed, floating)) <= noise(floating - last.floating):
                return floating
        return None

    def _explained_by_anchor(self, stated: Stated, fixed: int, natural: int) -> bool:
        """Other calls may have been in the balance that the chain last began with: then it begins there anew."""
        last = self.anchors[-1]
        for floating in self._near(self.calls, last.at, last.slack):
            other = Anchor(last.at, last.balance, last.fixed, floating, slack=0)
            if abs(stated.balance - self._expected(other, fixed, natural)) <= noise(natural - floating):
                self.anchors[-1] = other
                return True
        return False

    def _expected(self, anchor: Anchor, fixed: int, floating: int) -> int:
        paid = self.payments.sums[fixed] - self.payments.sums[anchor.fixed]
        return anchor.balance + paid - (self.calls.sums[floating] - self.calls.sums[anchor.floating])

    def _anchor(self, place: int | None, stated: Stated) -> None:
        fixed = self.payments.count_until(stated.at) if place is None else place + 1
        floating = self.calls.count_until(stated.at)
        self.anchors.append(Anchor(stated.at, stated.balance, fixed, floating, self._slack(place)))

    def _slack(self, place: int | None) -> int:
        return self.slack_of_readings if place is None else BOOKED_WITHIN

    def calls_near(self, at: int) -> list[int]:
        """How many calls may be in a balance of this instant, the likeliest number first."""
        return self._near(self.calls, at, BOOKED_WITHIN)

    def _near(self, flow: Flow, at: int, slack: int) -> list[int]:
        """Counts around an instant, the natural one first, then outwards."""
        natural = flow.count_until(at)
        lowest, highest = flow.count_before(at - slack), flow.count_until(at + slack)
        return sorted(range(lowest, highest + 1), key=lambda count: abs(count - natural))


def noise(calls: int) -> int:
    """Each fee was rounded to a millionth. What that adds up to grows with the root of their number."""
    return 2 * isqrt(abs(calls)) + 1


def _when(row: tuple[int | None, Stated]) -> tuple[int, int]:
    return row[1].at, -1 if row[0] is None else row[0]


def _in_order(rows: list[Stated]) -> Iterator[Stated]:
    """By their instants; those of one instant in the order that their balances tell."""
    for _, group in groupby(sorted(rows, key=lambda row: row.at), key=lambda row: row.at):
        members = list(group)
        if 1 < len(members) <= MOST_PERMUTED:
            yield from min(permutations(members), key=_leaps)
        else:
            yield from members


def _leaps(rows: Iterable[Stated]) -> int:
    """How far the balances are from following one another; fees of calls between them are small leaps."""
    return sum(abs(later.balance - earlier.balance - (later.amount or 0)) for earlier, later in pairwise(rows))
