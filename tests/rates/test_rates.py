"""The rates of a rate group: asked for once an hour by a worker, and kept when the switch fails."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from accounts.models import Account, Switch
from billing.rates import services as rates
from billing.rates.models import Rate, RateGroup
from billing.rates.tasks import read_rates
from billing.switches.models import SwitchFailure, UnusableAnswer
from billing.switches.services import on_demand
from simulator.process import SimulatorProcess
from simulator.sample import rate_tables
from tests.support.factories import AccountFactory, SwitchFactory

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
RETAIL = rate_tables()["Retail"].by_prefix


@pytest.fixture
def account(switch: Switch) -> Account:
    row: Account = AccountFactory.create(switch=switch, number="A-20417", rate_group="Retail")
    return row


def asked(simulator: SimulatorProcess) -> int:
    return len(simulator.control.received("GetFeeRate"))


def look(account: Account, now: datetime = NOW) -> rates.Known:
    known = rates.of_account(account=account, now=now)
    if known.is_coming and known.group:
        rates.read(group_id=known.group.pk, now=now)
    return rates.of_account(account=account, now=now)


def test_rates_are_read_as_the_switch_states_them(account: Account) -> None:
    known = look(account)
    assert known.group is not None
    assert (known.group.read_at, known.is_coming) == (NOW, False)
    read = {rate.prefix: rate for rate in known.group.rates.all()}
    assert read.keys() == RETAIL.keys()
    mobile, stated = read["88017"], RETAIL["88017"]
    assert (mobile.area_name, mobile.fee, mobile.period) == (stated.area_name, stated.fee, stated.period)
    assert mobile.first_fees == [section.fee for section in stated.sections]
    assert mobile.first_seconds == [section.seconds for section in stated.sections]


def test_a_group_is_asked_for_once_an_hour_however_many_look(
    account: Account, switch: Switch, simulator: SimulatorProcess
) -> None:
    other = AccountFactory.create(switch=switch, rate_group="Retail")
    for minutes in (0, 1, 30, 59):
        look(account, NOW + timedelta(minutes=minutes))
        look(other, NOW + timedelta(minutes=minutes))
    assert asked(simulator) == 1
    look(account, NOW + timedelta(minutes=60))
    assert asked(simulator) == 2


def test_a_task_that_comes_twice_asks_once(account: Account, simulator: SimulatorProcess) -> None:
    group = rates.of_account(account=account, now=NOW).group
    assert group is not None
    read_rates(group.pk)
    read_rates(group.pk)
    assert asked(simulator) == 1


def test_a_switch_that_fails_leaves_the_rates_of_before(account: Account, simulator: SimulatorProcess) -> None:
    look(account)
    later = NOW + timedelta(hours=2)
    simulator.control.add_fault("GetFeeRate", "cut_body")
    known = look(account, later)
    assert known.group is not None
    assert known.group.read_at == NOW
    assert known.group.failure != ""
    assert known.group.rates.count() == len(RETAIL)
    assert known.group.not_before == later + on_demand.FRESH_FOR


def test_a_switch_that_was_not_reached_is_asked_again_after_a_minute(db: None) -> None:
    account = AccountFactory.create(switch=SwitchFactory.create(url="http://127.0.0.1:9"), rate_group="Retail")
    known = look(account)
    assert known.group is not None
    assert known.group.failure == SwitchFailure.UNREACHABLE
    assert (known.group.read_at, known.is_coming) == (None, False)
    assert look(account, NOW + timedelta(seconds=59)).group == known.group
    assert rates.of_account(account=account, now=NOW + timedelta(seconds=61)).is_coming


def test_what_changed_is_replaced_and_what_went_away_is_gone_and_nothing_else_is_written(account: Account) -> None:
    group = look(account).group
    assert group is not None
    before = dict(group.rates.values_list("prefix", "pk"))
    Rate.objects.create(group=group, prefix="999", fee=Decimal(1), period=60)
    group.rates.filter(prefix="86").update(period=59)
    look(account, NOW + timedelta(hours=2))
    after = dict(group.rates.values_list("prefix", "pk"))
    assert {prefix for prefix in before if after[prefix] != before[prefix]} == {"86"}
    assert after.keys() == RETAIL.keys()
    assert group.rates.get(prefix="86").period == RETAIL["86"].period


def test_an_account_without_a_rate_group_is_not_asked_for(switch: Switch, simulator: SimulatorProcess) -> None:
    assert rates.of_account(account=AccountFactory.create(switch=switch), now=NOW) == rates.Known(None)
    assert asked(simulator) == 0
    assert not RateGroup.objects.exists()


@pytest.mark.parametrize(("field", "value"), [("fee", '"x"'), ("period", "null"), ("areaName", '"caf\xe9"')])
def test_a_rate_that_cannot_be_read_stays_as_it_was_and_the_others_are_read(
    account: Account, simulator: SimulatorProcess, field: str, value: str
) -> None:
    group = look(account).group
    assert group is not None
    Rate.objects.update(area_name="old")
    simulator.control.add_fault("GetFeeRate", "odd_row", row="88017", field=field, value=value)
    look(account, NOW + timedelta(hours=2))
    assert set(group.rates.filter(area_name="old").values_list("prefix", flat=True)) == {"88017"}
    assert group.rates.count() == len(RETAIL)
    assert [(row.operation, row.number) for row in UnusableAnswer.objects.all()] == [("GetFeeRate", "Retail 88017")]
    simulator.control.clear_faults()
    look(account, NOW + timedelta(hours=4))
    assert not group.rates.filter(area_name="old").exists()
    assert not UnusableAnswer.objects.exists()
