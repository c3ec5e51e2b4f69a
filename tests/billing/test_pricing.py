"""The arithmetic of a rate, held against the simulated switch's own."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.models import Rate
from billing.queries.pricing import Step, steps_of
from simulator.rates import Rate as SwitchRate
from simulator.rates import Section
from simulator.records import CallLevel
from simulator.sample import rate_tables

fees = st.decimals(min_value=0, max_value=100, places=6)
lengths = st.integers(1, 120)
switch_rates = st.builds(
    SwitchRate,
    prefix=st.just("86"),
    area_code=st.just("86"),
    area_name=st.just("China"),
    level=st.just(CallLevel.INTERNATIONAL),
    fee=fees,
    period=lengths,
    sections=st.lists(st.builds(Section, fee=fees, seconds=st.integers(0, 120)), max_size=3).map(tuple),
)


def as_read(rate: SwitchRate) -> Rate:
    return Rate(
        prefix=rate.prefix,
        fee=rate.fee,
        period=rate.period,
        first_fees=[section.fee for section in rate.sections],
        first_seconds=[section.seconds for section in rate.sections],
    )


def total(steps: tuple[Step, ...]) -> tuple[Decimal, int]:
    return sum((step.amount for step in steps), Decimal(0)), sum(step.times * step.seconds for step in steps)


@given(rate=switch_rates, talked=st.integers(0, 7200))
def test_the_arithmetic_is_the_switchs_own_of_seconds_talked_and_of_seconds_billed(
    rate: SwitchRate, talked: int
) -> None:
    fee, billed = rate.cost(talked)
    assert total(steps_of(as_read(rate), talked)) == (fee, billed)
    assert total(steps_of(as_read(rate), billed)) == (fee, billed)


@given(
    rate=st.sampled_from([rate for table in rate_tables().values() for rate in table.by_prefix.values()]),
    talked=st.integers(0, 7200),
)
def test_every_rate_of_the_sample_world_gives_what_its_calls_cost(rate: SwitchRate, talked: int) -> None:
    fee, billed = rate.cost(talked)
    assert total(steps_of(as_read(rate), billed)) == (fee, billed)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, []),
        (30, [(1, 60)]),
        (60, [(1, 60)]),
        (61, [(1, 60), (1, 6)]),
        (73, [(1, 60), (3, 6)]),
    ],
)
def test_an_interval_that_has_begun_counts_as_a_whole_one(seconds: int, expected: list[tuple[int, int]]) -> None:
    rate = Rate(fee=Decimal("0.01"), period=6, first_fees=[Decimal("0.1")], first_seconds=[60])
    assert [(step.times, step.seconds) for step in steps_of(rate, seconds)] == expected
