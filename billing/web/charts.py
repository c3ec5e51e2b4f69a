"""Cost per day, month or year as numbers for an SVG: the policy allows no inline style, and a chart needs no script."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from billing.lib.periods import Unit, first_of

SLOT, HEIGHT = 20, 100
# A chart is drawn as wide as its place: where bars are few, they are drawn narrower to look like those of many.
WIDEST_BAR = 14
# What cost something is seen, however little it was.
LEAST_HEIGHT = 1.5
# How a bar's days are written, for one label and for every bar: Python's own formatting is many times as quick.
BRIEFLY = {Unit.DAY: "j M", Unit.MONTH: "M Y", Unit.YEAR: "Y"}
WORDS = {Unit.DAY: "%-d %b", Unit.MONTH: "%b %Y", Unit.YEAR: "%Y"}
IN_FULL = {Unit.DAY: "j F Y", Unit.MONTH: "F Y", Unit.YEAR: "Y"}
# Of each bar, how many of the switch's days that it touches are not here, and how many it touches.
Lacking = Sequence[tuple[int, int]]
STEPS = (Decimal(1), Decimal(2), Decimal(5))
# As many as the smallest phone has room for.
MOST_LABELS = {Unit.DAY: 4, Unit.MONTH: 3, Unit.YEAR: 4}


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
class Label:
    """A bar's label. `at` is where the middle of the bar is, in hundredths of the chart's width."""

    day: date
    at: float


@dataclass(frozen=True)
class Gap:
    """A bar of which `days` of the switch's calendar are not here; `is_whole` where it has none that is."""

    bar: Bar
    days: int
    is_whole: bool


@dataclass(frozen=True)
class Chart:
    """A chart of costs. `ticks` run from the top line to the bottom one.

    `gaps` are drawn over the bars that are not of all their calls.
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
    labels: list[Label]
    total: Decimal
    today: date
    gaps: Sequence[Gap] = ()

    @property
    def until(self) -> date:
        return self.bars[-1].day

    @property
    def foot(self) -> str:
        """A path below the gaps, in one piece where they lie side by side, so that its dots are the same all along."""
        edges = Counter(x for gap in self.gaps for x in (gap.bar.slot_x, gap.bar.slot_x + SLOT))
        ends = sorted(x for x, times in edges.items() if times == 1)
        return "".join(f"M{begin} {HEIGHT}H{end}" for begin, end in zip(ends[::2], ends[1::2], strict=True))

    @property
    def briefly(self) -> str:
        return BRIEFLY[self.unit]

    @property
    def in_full(self) -> str:
        return IN_FULL[self.unit]


def cost_chart(
    costs: Sequence[tuple[date, Decimal]], *, today: date, unit: Unit = Unit.DAY, lacking: Lacking | None = None
) -> Chart:
    """Draw costs, the oldest first: there is at least one, and `lacking` has an entry for each."""
    ceiling = round_up(max((cost for _, cost in costs), default=Decimal(0)))
    width = min(WIDEST_BAR, len(costs) + 1)
    present = first_of(today, unit)
    bars = [
        _bar(index, day, cost, ceiling, width, words=day.strftime(WORDS[unit]), today=first_of(day, unit) == present)
        for index, (day, cost) in enumerate(costs)
    ]
    return Chart(
        unit=unit,
        bars=bars,
        width=SLOT * len(costs),
        height=HEIGHT,
        bar=width,
        rounding=min(width / 2, len(costs) / 10),
        lines=[0, HEIGHT // 2, HEIGHT],
        ticks=[ceiling, ceiling / 2, Decimal(0)],
        labels=labels([day for day, _ in costs], unit),
        total=sum((cost for _, cost in costs), Decimal(0)),
        today=today,
        gaps=[_gap(bar, *days) for bar, days in zip(bars, lacking, strict=True) if days[0]] if lacking else (),
    )


def labels(days: Sequence[date], unit: Unit = Unit.DAY) -> list[Label]:
    """Labels for some of the bars: the last one, and others at equal distances before it."""
    count = len(days)
    labelled = range(count - 1, -1, -max(1, math.ceil(count / MOST_LABELS[unit])))
    return [Label(days[index], round((index + 0.5) * 100 / count, 2)) for index in reversed(labelled)]


def _bar(index: int, day: date, cost: Decimal, ceiling: Decimal, width: int, *, words: str, today: bool) -> Bar:
    height = max(float(cost / ceiling) * HEIGHT, LEAST_HEIGHT) if cost > 0 else 0
    slot_x = index * SLOT
    x = slot_x + (SLOT - width) / 2
    return Bar(day, words, cost, today, slot_x, x, round(HEIGHT - height, 1), round(height, 1))


def _gap(bar: Bar, missing: int, days: int) -> Gap:
    return Gap(bar, missing, is_whole=missing >= days and not bar.cost)


def round_up(most: Decimal) -> Decimal:
    """The next of 1, 2, 5, 10, 20, 50 … that covers an amount, so that the lines have plain amounts."""
    if most <= 0:
        return Decimal(1)
    scale = Decimal(1).scaleb(most.adjusted())
    return next((step * scale for step in STEPS if step * scale >= most), 10 * scale)
