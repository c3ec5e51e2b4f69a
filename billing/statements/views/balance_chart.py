"""The balance at the end of each day, drawn as a line of steps in an SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby

from billing.lib.amounts import ZERO
from billing.lib.days import each_day
from billing.statements.queries.balance import Day
from billing.web.charts import HEIGHT, Label, labels, round_up

# The width is the same for however many days share it: the picture's shape must not depend on them.
WIDTH = 600
FEWEST_DAYS = 2


@dataclass(frozen=True)
class Slot:
    """The part of the chart that belongs to a date; `day` is None where that date is not reconciled."""

    date: date
    day: Day | None
    x: float
    width: float

    @property
    def end(self) -> float:
        return round(self.x + self.width, 2)


@dataclass(frozen=True)
class BalanceChart:
    """A chart with its scale: `ticks` run from the top line to the bottom one.

    `level` is the path of the balance, and `under` the area between zero and that path.
    """

    slots: list[Slot]
    width: int
    height: int
    lines: list[int]
    ticks: list[Decimal]
    labels: list[Label]
    level: str
    under: str


def balance_chart(days: Sequence[Day]) -> BalanceChart | None:
    """Draw these days, in any order; None for so few that there is no line."""
    if len(days) < FEWEST_DAYS:
        return None
    known = {day.day: day for day in days}
    dates = list(each_day(min(known), max(known)))
    slot = WIDTH / len(dates)
    slots = [Slot(date, known.get(date), round(n * slot, 2), round(slot, 2)) for n, date in enumerate(dates)]
    top, bottom = _span([day.row.closing for day in days])
    runs = [list(run) for is_known, run in groupby(slots, key=lambda slot: slot.day is not None) if is_known]
    return BalanceChart(
        slots=slots,
        width=WIDTH,
        height=HEIGHT,
        lines=[0, HEIGHT // 2, HEIGHT],
        ticks=[top, (top + bottom) / 2, bottom],
        labels=labels(dates),
        level=" ".join(f"M{run[0].x} {_steps(run, top, bottom)}" for run in runs),
        under=" ".join(_area(run, top, bottom) for run in runs),
    )


def _span(balances: Sequence[Decimal]) -> tuple[Decimal, Decimal]:
    """The amounts at the top and the bottom line, such that zero is at one of the three lines."""
    highest, lowest = max(balances), min(balances)
    if lowest >= 0:
        return round_up(highest), ZERO
    if highest <= 0:
        return ZERO, -round_up(-lowest)
    most = round_up(max(highest, -lowest))
    return most, -most


def _steps(run: Sequence[Slot], top: Decimal, bottom: Decimal) -> str:
    """The path from the left edge of the first day to the right edge of the last, after the height it begins at."""
    heights = [_y(slot.day.row.closing, top, bottom) for slot in run if slot.day]
    steps = [f"{heights[0]}H{run[0].end}"]
    steps += [f"V{y}H{slot.end}" for slot, y in zip(run[1:], heights[1:], strict=True)]
    return "".join(steps)


def _area(run: Sequence[Slot], top: Decimal, bottom: Decimal) -> str:
    zero = _y(ZERO, top, bottom)
    return f"M{run[0].x} {zero}V{_steps(run, top, bottom)}V{zero}Z"


def _y(amount: Decimal, top: Decimal, bottom: Decimal) -> float:
    return round(float((top - amount) / (top - bottom)) * HEIGHT, 1)
