"""Sums over calls."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

SUMMED = ("calls", "answered", "talk_seconds", "billed_seconds", "fee")


@dataclass(frozen=True)
class Totals:
    """Sums over calls; the fields stand in the order of SUMMED."""

    calls: int
    answered: int
    talk_seconds: int
    billed_seconds: int
    fee: Decimal

    def __add__(self, other: Totals) -> Totals:
        return Totals(
            calls=self.calls + other.calls,
            answered=self.answered + other.answered,
            talk_seconds=self.talk_seconds + other.talk_seconds,
            billed_seconds=self.billed_seconds + other.billed_seconds,
            fee=self.fee + other.fee,
        )

    @property
    def answered_ratio(self) -> float | None:
        return self.answered / self.calls if self.calls else None

    @property
    def average_seconds(self) -> float | None:
        """How long an answered call was talked on average, in seconds."""
        return self.talk_seconds / self.answered if self.answered else None


NOTHING = Totals(0, 0, 0, 0, Decimal(0))
