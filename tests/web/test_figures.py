from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.lib.money import money
from billing.templatetags import figures as template_figures
from billing.web.charts import cost_chart

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        ("182.47", "USD", "$182.47"),
        ("0", "USD", "$0.00"),
        ("-3.1", "EUR", "−€3.10"),
        ("1240", "GBP", "£1,240.00"),
        ("0.000001", "USD", "$0.000001"),
        ("0.0520", "USD", "$0.052"),
        ("12", "CNY", "CNY\u202f12.00"),
        ("12", "", "12.00"),
        ("1240", "JPY", "¥1,240"),
        ("1240.5", "JPY", "¥1,240.5"),
        ("3.5", "KWD", "KWD\u202f3.500"),
    ],
)
def test_money_has_the_places_that_say_something_and_at_least_those_of_the_currency(
    amount: str, currency: str, text: str
) -> None:
    assert money(Decimal(amount), currency) == text


@given(st.decimals(min_value=-(10**13), max_value=10**13, places=6))
def test_money_never_loses_a_place(amount: Decimal) -> None:
    text = money(amount).replace(",", "").replace("−", "-")
    assert Decimal(text) == amount


@pytest.mark.parametrize(("currency", "text"), [("USD", "$1,240.56"), ("JPY", "¥1,241"), ("KWD", "KWD\u202f1,240.558")])
def test_a_sum_is_shortened_to_the_places_of_the_currency(currency: str, text: str) -> None:
    assert template_figures.short_money(Decimal("1240.55777"), currency) == text


def test_what_can_be_spent_is_never_told_too_high_in_any_currency() -> None:
    told = [template_figures.spendable_money(Decimal("9.9996"), currency) for currency in ("USD", "JPY", "KWD")]
    assert told == ["$9.99", "¥9", "KWD\u202f9.999"]


def test_what_is_not_known_is_a_dash() -> None:
    assert money(None, "USD") == template_figures.duration(None) == template_figures.percent(None) == "—"


def test_what_can_be_spent_is_never_rounded_up() -> None:
    assert template_figures.spendable_money(Decimal("63.9399"), "USD") == "$63.93"
    assert template_figures.spendable_money(Decimal("-0.001"), "USD") == "−$0.01"


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0 s"), (41, "41 s"), (192, "3 min 12 s"), (725, "12 min 05 s"), (209_520, "58 h 12 min")]
)
def test_durations_are_read_out(seconds: int, text: str) -> None:
    assert template_figures.duration(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-5, "just now"), (4, "just now"), (8, "8 s ago"), (119, "1 min ago"), (7200, "2 h ago"), (172_800, "2 days ago")],
)
def test_ages_are_read_out(seconds: int, text: str) -> None:
    assert template_figures.age(NOW - timedelta(seconds=seconds), NOW) == text


@given(st.lists(st.decimals(min_value=-10, max_value=10**9, places=6), min_size=1, max_size=40))
def test_bars_stay_inside_the_chart(costs: list[Decimal]) -> None:
    days = [(date(2026, 1, 1) + timedelta(days=n), cost) for n, cost in enumerate(costs)]
    chart = cost_chart(days, today=days[-1][0])
    assert all(0 <= bar.y <= chart.height and 0 <= bar.height <= chart.height for bar in chart.bars)
    assert all(bar.height > 0 for bar in chart.bars if bar.cost > 0)
    assert chart.total == sum(costs)


@pytest.mark.parametrize(("days", "bar"), [(2, 3), (5, 6), (13, 14), (40, 14)])
def test_few_bars_are_no_wider_than_many(days: int, bar: int) -> None:
    costs = [(date(2026, 1, 1) + timedelta(days=n), Decimal(1)) for n in range(days)]
    chart = cost_chart(costs, today=costs[-1][0])
    assert chart.bar == bar
    assert all(drawn.x - drawn.slot_x == (20 - bar) / 2 for drawn in chart.bars)


@pytest.mark.parametrize("bars", [1, 2, 3, 4, 5, 7, 12, 13, 30, 31, 90, 92])
def test_each_label_stands_at_the_middle_of_its_bar_at_equal_distances(bars: int) -> None:
    costs = [(date(2026, 1, 1) + timedelta(days=n), Decimal(1)) for n in range(bars)]
    chart = cost_chart(costs, today=costs[-1][0])
    middles = {drawn.day: (drawn.x + chart.bar / 2) * 100 / chart.width for drawn in chart.bars}
    assert all(label.at == pytest.approx(middles[label.day], abs=0.01) for label in chart.labels)
    assert chart.labels[-1].day == chart.until
    assert 1 <= len(chart.labels) <= 4
    assert len({(later.day - earlier.day).days for earlier, later in pairwise(chart.labels)}) <= 1
