"""Cost per day, month or year as numbers for an SVG: the policy allows no inline style, and a chart needs no script."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from billing.queries.spans import Unit, first_of

SLOT, HEIGHT = 20, 100
# A chart is drawn as wide as its place: where bars are few, they are drawn narrower to look like those of many.
WIDEST_BAR = 14
# What cost something is seen, however little it was.
LEAST_HEIGHT = 1.5
# How a bar's days are written, for one label and for every bar: Python's own formatting is many times as quick.
BRIEFLY = {Unit.DAY: "j M", Unit.MONTH: "M Y", Unit.YEAR: "Y"}
WORDS = {Unit.DAY: "%-d %b", Unit.MONTH: "%b %Y", Unit.YEAR: "%Y"}
IN_FULL = {Unit.DAY: "j F Y", Unit.MONTH: "F Y", Unit.YEAR: "Y"}
STEPS = (Decimal(1), Decimal(2), Decimal(5))


@dataclass(frozen=True)
class Bar:
    day: date
    words: str
    cost: Decimal
    today: bool
    slot_x: int
    x: float
    y: float
    height: float


@dataclass(frozen=True)
class Chart:
    """`ticks` run from the top line to the bottom one; `labels` are at equal distances, four where there are.
    `bar` is how wide one is, `rounding` how much of that its corners take.

    A bar of a month or a year is known by the first of its days.
    """

    unit: Unit
    bars: list[Bar]
    width: int
    height: int
    bar: int
    rounding: float
    lines: list[int]
    ticks: list[Decimal]
    labels: list[date]
    total: Decimal
    today: date

    @property
    def briefly(self) -> str:
        return BRIEFLY[self.unit]

    @property
    def in_full(self) -> str:
        return IN_FULL[self.unit]

    @property
    def labels_each(self) -> bool:
        return len(self.labels) == len(self.bars)


def cost_chart(costs: Sequence[tuple[date, Decimal]], *, today: date, unit: Unit = Unit.DAY) -> Chart:
    """`costs` runs from the oldest to the last one; there is at least one."""
    ceiling = round_up(max((cost for _, cost in costs), default=Decimal(0)))
    last, width = len(costs) - 1, min(WIDEST_BAR, len(costs) + 1)
    present = first_of(today, unit)
    return Chart(
        unit=unit,
        bars=[
            _bar(
                index, day, cost, ceiling, width, words=day.strftime(WORDS[unit]), today=first_of(day, unit) == present
            )
            for index, (day, cost) in enumerate(costs)
        ],
        width=SLOT * len(costs),
        height=HEIGHT,
        bar=width,
        rounding=min(width / 2, len(costs) / 10),
        lines=[0, HEIGHT // 2, HEIGHT],
        ticks=[ceiling, ceiling / 2, Decimal(0)],
        labels=list(dict.fromkeys(costs[round(last * part / 3)][0] for part in range(4))),
        total=sum((cost for _, cost in costs), Decimal(0)),
        today=today,
    )


def _bar(index: int, day: date, cost: Decimal, ceiling: Decimal, width: int, *, words: str, today: bool) -> Bar:
    height = max(float(cost / ceiling) * HEIGHT, LEAST_HEIGHT) if cost > 0 else 0
    slot_x = index * SLOT
    x = slot_x + (SLOT - width) / 2
    return Bar(day, words, cost, today, slot_x, x, round(HEIGHT - height, 1), round(height, 1))


def round_up(most: Decimal) -> Decimal:
    """The next of 1, 2, 5, 10, 20, 50 … that covers it, so that the lines have plain amounts."""
    if most <= 0:
        return Decimal(1)
    scale = Decimal(1).scaleb(most.adjusted())
    return next((step * scale for step in STEPS if step * scale >= most), 10 * scale)
