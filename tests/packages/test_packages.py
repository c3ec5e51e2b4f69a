"""The packages of an account, as the simulated switch states them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from accounts.models import Account, Switch
from billing.packages import services as packages
from billing.packages.models import PackageList
from billing.packages.tasks import read_packages
from billing.switches.models import UnusableAnswer
from billing.switches.services.clients import client
from billing.vos3000.operations.packages import get_suite_orders
from simulator.process import SimulatorProcess
from tests.support.factories import AccountFactory

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def look(account: Account, now: datetime = NOW) -> PackageList:
    known, is_coming = packages.of_account(account=account, now=now)
    if is_coming:
        packages.read(list_id=known.pk, now=now)
    known.refresh_from_db()
    return known


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("A-20417", [("China 120 minutes", ["86"])]),
        ("A-30101", [("Asia saver", ["8621", "880"])]),
        ("A-20418", []),
    ],
)
def test_packages_are_read_with_their_prefixes(
    switch: Switch, number: str, expected: list[tuple[str, list[str]]]
) -> None:
    known = look(AccountFactory.create(switch=switch, number=number))
    assert (known.read_at, known.failure) == (NOW, "")
    assert [(package.name, package.prefixes) for package in known.packages.all()] == expected


def test_they_are_asked_for_once_an_hour(switch: Switch, simulator: SimulatorProcess) -> None:
    account = AccountFactory.create(switch=switch, number="A-20417")
    for minutes in (0, 1, 59):
        look(account, NOW + timedelta(minutes=minutes))
    assert len(simulator.control.received("GetSuiteOrder")) == 1
    assert look(account, NOW + timedelta(minutes=60)).packages.count() == 1
    assert len(simulator.control.received("GetSuiteOrder")) == 2


def test_a_task_that_comes_twice_asks_once(switch: Switch, simulator: SimulatorProcess) -> None:
    known, _ = packages.of_account(account=AccountFactory.create(switch=switch, number="A-20417"), now=NOW)
    read_packages(known.pk)
    read_packages(known.pk)
    assert len(simulator.control.received("GetSuiteOrder")) == 1


def test_a_switch_that_fails_leaves_the_packages_of_before(switch: Switch, simulator: SimulatorProcess) -> None:
    account = AccountFactory.create(switch=switch, number="A-20417")
    look(account)
    simulator.control.add_fault("GetSuite", "cut_body")
    known = look(account, NOW + timedelta(hours=2))
    assert known.read_at == NOW
    assert known.failure != ""
    assert known.packages.count() == 1


@pytest.mark.parametrize("operation", ["GetSuiteOrder", "GetSuite"])
def test_what_cannot_be_read_of_packages_is_noted_by_the_account(
    switch: Switch, simulator: SimulatorProcess, operation: str
) -> None:
    account = AccountFactory.create(switch=switch, number="A-20417")
    suite_id = simulator_suite_id(switch)
    field = "availableTime" if operation == "GetSuiteOrder" else "name"
    simulator.control.add_fault(operation, "odd_row", row=str(suite_id), field=field, value="[]")
    known = look(account)
    assert (known.read_at, known.failure) == (NOW, "")
    assert [(row.operation, row.account) for row in UnusableAnswer.objects.all()] == [(operation, account)]
    simulator.control.clear_faults()
    look(account, NOW + timedelta(hours=2))
    assert not UnusableAnswer.objects.exists()


def simulator_suite_id(switch: Switch) -> int:
    with client(switch) as asking:
        (order,) = get_suite_orders(asking, account="A-20417")
    return order.suite_id
