"""The rules by which the daily report of a switch may count calls, and whether one explains what the report says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import product

from billing.calls.models import MILLIONTH, CallDay, DayBy
from billing.lib.amounts import decimal_places

PLACES = range(2, 7)
ALL_PLACES = 6


@dataclass(frozen=True, order=True)
class Rule:
    """On which day a call counts, whether one does that was not answered, and to how many places fees are rounded."""

    day_by: str
    unanswered: bool
    places: int

    @property
    def way(self) -> tuple[str, bool]:
        """The rule but for the decimals, which are told apart by how precise the report's fees are."""
        return self.day_by, self.unanswered


RULES = frozenset(
    Rule(by.value, unanswered, places) for by, unanswered, places in product(DayBy, (True, False), PLACES)
)


@dataclass(frozen=True)
class Counted:
    calls: int
    fee: Decimal


# What the calls come to, by the end that counts, and with or without those that were not answered.
Sums = Mapping[tuple[str, bool], Counted]


@dataclass(frozen=True)
class Reported:
    """What the switch reports of a day; fees may be `rounding` apart, since they were rounded when they were stored."""

    calls: int
    fee: Decimal
    rounding: Decimal

    @classmethod
    def of(cls, day: CallDay) -> Reported:
        return cls(day.reported_calls or 0, day.reported_fee or Decimal(0), day.rounded * MILLIONTH)

    def equals(self, counted: Counted, places: int) -> bool:
        """Whether it is what was counted, rounded to so many places."""
        if self.calls != counted.calls:
            return False
        apart = abs(self.fee - counted.fee)
        return apart <= self.rounding or apart <= self.rounding + self.slack(counted, places)

    def slack(self, counted: Counted, places: int) -> Decimal:
        """What the report may have rounded away of this fee; nothing where both are the same or it has more places."""
        if abs(self.fee - counted.fee) <= self.rounding or decimal_places(self.fee) > places:
            return Decimal(0)
        return slack_of(places)

    def explained_by(self, sums: Sums) -> frozenset[Rule]:
        """Choose the rules by which the sums are what is reported, with no more places than the fee needs."""
        exact = decimal_places(self.fee)
        return frozenset(
            Rule(*way, places)
            for way, counted in sums.items()
            for places in PLACES
            if exact <= places and self.equals(counted, places)
        )


def slack_of(places: int) -> Decimal:
    """Return half of the last place that a report keeps; it keeps all that is stored when it keeps six."""
    return Decimal(0) if places >= ALL_PLACES else Decimal(5).scaleb(-places - 1)
