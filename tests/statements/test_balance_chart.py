from __future__ import annotations

import re
from datetime import date, timedelta
from decimal import Decimal

import pytest

from billing.balances.models import Reconciliation
from billing.statements.queries.balance import Day
from billing.statements.views.balance_chart import WIDTH, balance_chart
from billing.web.charts import HEIGHT

FIRST = date(2026, 11, 1)


def days(*closings: str | None) -> list[Day]:
    """Days in a row; None is one that is not reconciled."""
    rows = [
        Reconciliation(day=FIRST + timedelta(days=number), closing=Decimal(closing), difference=Decimal(0))
        for number, closing in enumerate(closings)
        if closing is not None
    ]
    return [Day(row) for row in rows]


def test_fewer_than_two_days_are_no_line() -> None:
    assert balance_chart([]) is None
    assert balance_chart(days("5")) is None


def test_a_line_goes_in_steps_and_stops_where_a_day_is_missing() -> None:
    chart = balance_chart(days("100", "50", None, "25"))
    assert chart is not None
    assert chart.level == "M0.0 0.0H150.0V50.0H300.0 M450.0 75.0H600.0"
    assert chart.ticks == [100, 50, 0]
    assert [slot.day is None for slot in chart.slots] == [False, False, True, False]


@pytest.mark.parametrize(
    ("closings", "ticks"),
    [
        (("40", "-3"), [50, 0, -50]),
        (("-40", "-3"), [0, -25, -50]),
        (("0", "0"), [1, Decimal("0.5"), 0]),
        (("0.0001", "0"), [Decimal("0.0001"), Decimal("0.00005"), 0]),
    ],
)
def test_zero_is_always_among_the_lines(closings: tuple[str, str], ticks: list[Decimal]) -> None:
    chart = balance_chart(days(*closings))
    assert chart is not None
    assert chart.ticks == ticks


@pytest.mark.parametrize("count", [2, 3, 30, 366])
def test_however_many_days_share_it_the_picture_keeps_its_shape(count: int) -> None:
    chart = balance_chart(days(*["12345678901.234567", "-0.000001"] * (count // 2), *["3"] * (count % 2)))
    assert chart is not None
    places = [float(number) for number in re.findall(r"[\d.]+", re.sub(r"M[\d.]+", "", chart.level.replace("V", " ")))]
    assert max(places) == WIDTH
    assert len(chart.slots) == count
    assert len(set(chart.labels)) == len(chart.labels) <= 4
    assert all(0 <= float(y) <= HEIGHT for y in re.findall(r"V([\d.]+)", chart.under))
