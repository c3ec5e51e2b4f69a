"""Which call days are fetched when, and whose come first."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from accounts.models import Account, Switch
from billing.services import rounds, scheduling
from billing.services.calls import fetch_days
from simulator.process import SimulatorProcess
from tests.factories import AccountFactory, CallDayFactory, MembershipFactory, SwitchFactory

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
TODAY = NOW.date()
YESTERDAY = TODAY - timedelta(days=1)


@pytest.fixture
def own_switch() -> Switch:
    switch: Switch = SwitchFactory.create()
    return switch


def followed(switch: Switch, *, watched: bool = False, calls: int = 0, minutes_ago: int | None = None) -> Account:
    """An account that somebody has; how many calls it has today, and when these were fetched."""
    viewed_at = NOW if watched else None
    account: Account = MembershipFactory.create(account__switch=switch, account__viewed_at=viewed_at).account
    if minutes_ago is not None:
        fetched_at = NOW - timedelta(minutes=minutes_ago)
        CallDayFactory.create(account=account, day=TODAY, calls=calls, fetched_at=fetched_at)
    return account


def test_accounts_being_looked_at_come_first_and_then_those_that_talk(own_switch: Switch) -> None:
    silent = followed(own_switch)
    talking = followed(own_switch, calls=3, minutes_ago=20)
    watched = followed(own_switch, watched=True)
    assert scheduling.due_today(switch=own_switch, now=NOW).accounts == [watched, talking, silent]


@pytest.mark.parametrize(
    ("watched", "calls", "minutes_ago", "due"),
    [(True, 0, 1, True), (False, 3, 9, False), (False, 3, 11, True), (False, 0, 11, False), (False, 0, 31, True)],
)
def test_today_is_fetched_often_where_somebody_looks_or_talks_and_rarely_elsewhere(
    own_switch: Switch, watched: bool, calls: int, minutes_ago: int, due: bool
) -> None:
    account = followed(own_switch, watched=watched, calls=calls, minutes_ago=minutes_ago)
    assert scheduling.due_today(switch=own_switch, now=NOW).accounts == ([account] if due else [])


def test_nobodys_account_is_not_fetched(own_switch: Switch) -> None:
    AccountFactory.create(switch=own_switch)
    assert scheduling.due_today(switch=own_switch, now=NOW).accounts == []


def test_small_accounts_share_a_request_and_a_large_one_is_asked_for_alone(
    switch: Switch, simulator: SimulatorProcess
) -> None:
    now = datetime.now(UTC)
    day = now.date() - timedelta(days=1)
    small = [AccountFactory.create(switch=switch, number=number) for number in ("C-301", "A-20417")]
    large = AccountFactory.create(switch=switch, number="W-900")
    CallDayFactory.create(account=large, day=day - timedelta(days=1), calls=5000)
    fetch_days(accounts=[large, *small], first=day, last=day, now=now)
    bodies = [request.body or {} for request in simulator.control.received("GetCdr")]
    assert [body["accounts"] for body in bodies] == [["C-301", "A-20417"], ["W-900"]]


def test_a_slot_asks_for_each_account_day_once(switch: Switch, simulator: SimulatorProcess) -> None:
    now = datetime.now(UTC)
    for number in ("C-301", "A-20417", "W-900"):
        MembershipFactory.create(account__switch=switch, account__number=number)
    for fetch in (rounds.fetch_today, rounds.fetch_yesterday, rounds.back_fill, rounds.fetch_asked):
        fetch(switch=switch, now=now)
    asked = [
        (account, body["beginTime"])
        for body in (request.body or {} for request in simulator.control.received("GetCdr"))
        for account in body["accounts"]
    ]
    assert len(asked) == len(set(asked)) > 30
