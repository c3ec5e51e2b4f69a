"""Which call days are fetched when, and whose come first."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection

from accounts.models import Account, Switch
from billing.calls.models import CallDay
from billing.calls.services import backfills, due_days
from billing.calls.tasks import run_backfill
from billing.jobs.services import periodic
from billing.sync.services import rounds
from portal.celery import app
from simulator.process import SimulatorProcess
from tests.support.factories import AccountFactory, CallDayFactory, MembershipFactory, SwitchFactory, UserFactory

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
TODAY = NOW.date()
YESTERDAY = TODAY - timedelta(days=1)


@pytest.fixture
def own_switch() -> Switch:
    switch: Switch = SwitchFactory.create()
    return switch


def followed(switch: Switch, *, watched: bool = False, calls: int = 0, minutes_ago: int | None = None) -> Account:
    """An account with a member, and with as many calls today, which were fetched so many minutes ago."""
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
    assert due_days.due_today(switch=own_switch, now=NOW).accounts == [watched, talking, silent]


@pytest.mark.parametrize(
    ("watched", "calls", "minutes_ago", "due"),
    [(True, 0, 1, True), (False, 3, 9, False), (False, 3, 11, True), (False, 0, 11, False), (False, 0, 31, True)],
)
def test_today_is_fetched_often_where_a_person_looks_or_talks_and_rarely_elsewhere(
    own_switch: Switch, watched: bool, calls: int, minutes_ago: int, due: bool
) -> None:
    account = followed(own_switch, watched=watched, calls=calls, minutes_ago=minutes_ago)
    assert due_days.due_today(switch=own_switch, now=NOW).accounts == ([account] if due else [])


def test_of_older_days_those_of_accounts_being_looked_at_come_first(own_switch: Switch) -> None:
    accounts = [followed(own_switch), followed(own_switch), followed(own_switch, watched=True)]
    (first,) = due_days.due_back_fill(switch=own_switch, now=NOW, step=2)
    assert first.accounts == [accounts[2], accounts[0]]


def test_an_account_without_members_is_not_fetched(own_switch: Switch) -> None:
    AccountFactory.create(switch=own_switch)
    assert due_days.due_today(switch=own_switch, now=NOW).accounts == []


@pytest.mark.django_db(transaction=True)
def test_two_beats_and_two_workers_fetch_no_day_twice(simulator: SimulatorProcess) -> None:
    now = datetime.now(UTC)
    switch = SwitchFactory.create(name="demo", url=simulator.url)
    for number in ("C-301", "A-20417", "W-900"):
        account = MembershipFactory.create(account__switch=switch, account__number=number).account
        first, last = now.date() - timedelta(days=12), now.date() - timedelta(days=1)
        backfills.ask(account=account, first=first, last=last, by=UserFactory.create(), now=now)
    simulator.control.add_fault("GetCdr", "late", seconds=0.05)
    app.finalize()

    def work(rounds_of_one: tuple[str, ...]) -> None:
        """Do what one worker takes from the queue, in which two beats have put every round."""
        try:
            for name in rounds_of_one:
                periodic.declared()[name].run(switch.pk)
            run_backfill(switch.pk)
        finally:
            connection.close()

    names = ("calls of yesterday", "calls of older days", "calls asked for")
    with time_machine.travel(now, tick=False), ThreadPoolExecutor(4) as pool:
        list(pool.map(work, [names, names, names[::-1], names[::-1]]))
    asked = asked_for(simulator)
    assert len(asked) == len(set(asked)) == 3 * 35
    assert not CallDay.objects.filter(failed_at__isnull=False).exists()


@pytest.mark.parametrize("bad", [None, "A-20417"])
def test_a_slot_asks_for_each_account_day_once(switch: Switch, simulator: SimulatorProcess, bad: str | None) -> None:
    """This holds where several rounds want the same days, and where the first answer was unusable, too."""
    now = datetime.now(UTC).replace(hour=12)
    today = now.date()
    for number in ("C-301", "A-20417", "W-900"):
        account = MembershipFactory.create(
            account__switch=switch, account__number=number, account__viewed_at=now
        ).account
        backfills.ask(account=account, first=today - timedelta(days=9), last=today, by=UserFactory.create(), now=now)
    if bad:
        simulator.control.add_fault("GetCdr", "unlisted_code", account=bad)
    work = (rounds.fetch_asked, rounds.fetch_today, rounds.fetch_yesterday, rounds.back_fill, rounds.fetch_asked)
    for minute in range(4):
        before = len(asked_for(simulator))
        for fetch in work:
            fetch(switch=switch, now=now + minute * timedelta(minutes=1))
        asked = asked_for(simulator)[before:]
        assert len(asked) == len(set(asked))
    assert CallDay.objects.filter(fetched_at__isnull=True, account__number=bad or "").count() == (36 if bad else 0)
    assert CallDay.objects.filter(fetched_at__isnull=False).count() == (2 if bad else 3) * 36


def asked_for(simulator: SimulatorProcess) -> list[tuple[str, str]]:
    """The account and the day of each request for calls."""
    bodies = (request.body or {} for request in simulator.control.received("GetCdr"))
    return [(account, body["beginTime"]) for body in bodies for account in body["accounts"]]
