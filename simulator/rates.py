"""Rates: the longest matching prefix, first intervals, then whole periods."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

import msgspec

from simulator.records import NO_LIMIT, ZERO, CallLevel


class Section(msgspec.Struct, frozen=True):
    """A first interval: `seconds` cost `fee`, begun or not."""

    fee: Decimal
    seconds: int


class Rate(msgspec.Struct, frozen=True):
    prefix: str
    area_code: str
    area_name: str
    level: CallLevel
    fee: Decimal
    period: int
    sections: tuple[Section, ...] = ()
    locked: bool = False

    def cost(self, seconds: int) -> tuple[Decimal, int]:
        """Return the fee of a call of `seconds`, and the seconds billed."""
        fee, billed = ZERO, 0
        if seconds <= 0:
            return fee, billed
        for section in self.sections:
            if billed >= seconds:
                return fee, billed
            fee += section.fee
            billed += section.seconds
        periods = max(0, -(-(seconds - billed) // self.period))
        return fee + periods * self.fee, billed + periods * self.period

    def affordable_seconds(self, money: Decimal) -> int:
        """Say for how many seconds of a call `money` lasts."""
        seconds = 0
        for section in self.sections:
            if money < section.fee:
                return seconds
            money -= section.fee
            seconds += section.seconds
        if self.fee <= 0:
            return NO_LIMIT
        return min(NO_LIMIT, seconds + int(max(money, ZERO) / self.fee) * self.period)


class RateTable:
    """The rates of one group."""

    def __init__(self, rates: Iterable[Rate] = ()) -> None:
        self.by_prefix = {rate.prefix: rate for rate in rates}
        self._longest = max(map(len, self.by_prefix), default=0)

    def lookup(self, number: str) -> Rate | None:
        for length in range(min(self._longest, len(number)), 0, -1):
            rate = self.by_prefix.get(number[:length])
            if rate is not None:
                return rate
        return self.by_prefix.get("")


def rate_of(tables: Mapping[str, RateTable], group: str, number: str) -> Rate | None:
    """Find the rate of a number; None where the group is unknown or has none for it."""
    table = tables.get(group)
    return table.lookup(number) if table else None


def price(rate: Rate | None, seconds: int) -> tuple[Decimal, int]:
    """Return the fee of a call and the seconds billed; a call without a rate is free."""
    return rate.cost(seconds) if rate else (ZERO, 0)
