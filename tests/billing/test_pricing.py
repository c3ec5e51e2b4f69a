"""The arithmetic of a rate, held against the simulated switch's own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import Switch
from billing.models import Call, Rate
from billing.queries.pricing import Step, Verdict, priced, steps_of
from billing.services import rates
from billing.services.rounding import stored
from simulator.caller import CallMaker
from simulator.clock import Clock
from simulator.ledger import Ledger
from simulator.rates import Rate as SwitchRate
from simulator.rates import Section
from simulator.records import Account as SwitchAccount
from simulator.records import Call as SwitchCall
from simulator.records import CallLevel
from simulator.sample import PROFILES, rate_tables
from simulator.world import phone_numbers
from tests.support.factories import AccountFactory

UTC_ZONE = ZoneInfo("UTC")
BEGAN = datetime(2026, 11, 20, tzinfo=UTC)

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


def sample_calls(account: str, *, days: int = 30) -> Iterator[SwitchCall]:
    """As the simulated switch makes and prices them, a package's share included."""
    ledger = Ledger()
    ledger.open(SwitchAccount(account=account, name=account, rate_group="Retail"))
    maker = CallMaker(Random(7), ledger, rate_tables(), phone_numbers())
    profile = next(profile for profile in PROFILES if profile.account == account)
    for _ in range(days):
        for start in maker.starts_of_day(profile, BEGAN.date(), Clock(UTC_ZONE)):
            yield maker.make(profile, start, "202611")


def as_stored(call: SwitchCall) -> Call:
    return Call(
        talk_seconds=call.hold_time,
        billed_seconds=call.fee_time,
        fee=stored(call.fee),
        fee_prefix=call.fee_prefix,
        package_fee=stored(call.suite_fee),
        package_seconds=call.suite_fee_time,
    )


def test_every_call_of_a_customer_of_the_simulated_switch_is_explained(switch: Switch) -> None:
    account = AccountFactory.create(switch=switch, number="A-20417", rate_group="Retail")
    group = rates.of_account(account=account, now=BEGAN).group
    assert group is not None
    rates.read(group_id=group.pk, now=BEGAN)
    group.refresh_from_db()
    calls = [as_stored(call) for call in sample_calls("A-20417")]
    verdicts = Counter(priced(call, group).verdict for call in calls)
    assert set(verdicts) == {Verdict.EXPLAINED, Verdict.NOTHING_CHARGED}
    assert verdicts[Verdict.EXPLAINED] > 100
    assert any(call.package_seconds for call in calls)
    assert all(call.talk_seconds == 0 for call in calls if priced(call, group).verdict is Verdict.NOTHING_CHARGED)
