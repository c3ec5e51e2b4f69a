"""Periodic work: each slot is done once, and the rounds fill, prove and refresh what is followed."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.db import connection

from accounts.models import Account, Switch
from billing.balances.models import Payment
from billing.balances.queries import spending
from billing.balances.services import balances, profiles
from billing.batches.services import batches
from billing.call_history.queries import pages, totals
from billing.call_history.queries.filters import CallFilter
from billing.calls.models import Call, CallDay, DayState
from billing.calls.services import backfills, due_days
from billing.customers.services import changes
from billing.exports.services import requests as export_requests
from billing.jobs.models import JobRun
from billing.jobs.services import periodic, runs
from billing.packages import services as packages
from billing.rates import services as rates
from billing.statements.queries import payments
from billing.switches.services import priority
from billing.switches.services.followed_accounts import followed
from billing.sync.services import rounds
from billing.topups.services import requests
from billing.vos3000 import Unreachable
from portal.celery import app
from simulator.process import SimulatorProcess
from tests.support.factories import AccountFactory, CallDayFactory, MembershipFactory, SwitchFactory

NOW = datetime.now(UTC)
TODAY = NOW.date()
MINUTE = timedelta(minutes=1)


def rounds_of_a_switch() -> list[periodic.Periodic]:
    app.finalize()
    return [work for work in periodic.declared().values() if work.is_per_switch]


@pytest.mark.django_db(transaction=True)
def test_a_slot_runs_once_however_many_workers_hear_of_it() -> None:
    done: list[str] = []

    def work() -> str:
        done.append("once")
        return "done"

    def run(_: int) -> bool:
        try:
            return runs.run_once(job="j", period=MINUTE, now=NOW, work=work)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(run, range(8))) == 1
    assert len(done) == 1
    row = JobRun.objects.get()
    assert (row.succeeded, row.detail, row.slot) == (True, "done", NOW.replace(second=0, microsecond=0))


@pytest.mark.django_db
def test_the_next_slot_runs_again_and_a_failing_switch_is_noted() -> None:
    def fail() -> str:
        raise Unreachable("GetCdr", "refused")

    assert runs.run_once(job="j", period=MINUTE, now=NOW, work=fail)
    assert runs.run_once(job="j", period=MINUTE, now=NOW + MINUTE, work=lambda: "fine")
    assert list(JobRun.objects.order_by("slot").values_list("succeeded", flat=True)) == [False, True]


@pytest.mark.django_db
def test_an_error_of_ours_is_noted_and_raised() -> None:
    def fail() -> str:
        raise KeyError("secret")

    with pytest.raises(KeyError):
        runs.run_once(job="j", period=MINUTE, now=NOW, work=fail)
    assert JobRun.objects.get().detail == "KeyError: see the log"


@pytest.mark.django_db
def test_runs_are_dropped_after_a_week() -> None:
    for days in (0, 6, 8):
        runs.run_once(job="j", period=MINUTE, now=NOW - timedelta(days=days), work=str)
    assert rounds.housekeeping(now=NOW).startswith("1 job runs")
    assert JobRun.objects.count() == 2


@pytest.mark.django_db
def test_followed_are_members_those_below_them_and_those_looked_at() -> None:
    switch = SwitchFactory.create()
    agent = MembershipFactory.create(account__switch=switch).account
    child = AccountFactory.create(switch=switch, parent=agent)
    grandchild = AccountFactory.create(switch=switch, parent=child)
    looked_at = AccountFactory.create(switch=switch, viewed_at=NOW - timedelta(minutes=50))
    AccountFactory.create(switch=switch, viewed_at=NOW - timedelta(hours=2))
    AccountFactory.create(switch=switch, parent=agent, missing_since=NOW)
    AccountFactory.create(parent=None, viewed_at=NOW)
    found = followed(switch=switch, now=NOW)
    assert list(found) == [agent, child, grandchild, looked_at]


@pytest.mark.django_db
def test_today_is_due_at_once_where_a_person_looks_and_later_elsewhere() -> None:
    switch = SwitchFactory.create()
    watched, unwatched, old = (
        MembershipFactory.create(account__switch=switch, account__viewed_at=viewed).account
        for viewed in (NOW - timedelta(minutes=5), None, None)
    )
    for account, minutes in ((watched, 1), (unwatched, 9), (old, 11)):
        CallDayFactory.create(account=account, day=TODAY, calls=1, fetched_at=NOW - timedelta(minutes=minutes))
    assert due_days.due_today(switch=switch, now=NOW).accounts == [watched, old]


@pytest.mark.django_db
def test_yesterday_is_due_until_it_is_proven() -> None:
    switch = SwitchFactory.create()
    proven, fresh, stale, new = (MembershipFactory.create(account__switch=switch).account for _ in range(4))
    yesterday = TODAY - timedelta(days=1)
    facts = {"state": DayState.PROVEN, "reported_calls": 0, "reported_fee": Decimal(0)}
    CallDayFactory.create(account=proven, day=yesterday, fetched_at=NOW - timedelta(hours=1), **facts)
    CallDayFactory.create(account=fresh, day=yesterday, fetched_at=NOW - timedelta(minutes=14))
    CallDayFactory.create(account=stale, day=yesterday, fetched_at=NOW - timedelta(minutes=16))
    assert due_days.due_yesterday(switch=switch, now=NOW).accounts == [stale, new]


@pytest.mark.django_db
def test_older_days_are_filled_in_small_steps_newest_first() -> None:
    switch = SwitchFactory.create()
    for _ in range(3):
        MembershipFactory.create(account__switch=switch)
    due = list(due_days.due_back_fill(switch=switch, now=NOW, step=7))
    assert [len(part.accounts) for part in due] == [3, 3, 1]
    assert [part.day for part in due] == [TODAY - timedelta(days=days) for days in (2, 3, 4)]


def test_the_rounds_fill_an_account_and_prove_it(switch: Switch, simulator: SimulatorProcess) -> None:
    account = profiles.ensure(switch=switch, number="C-301", now=NOW - timedelta(minutes=20))
    MembershipFactory.create(account=account)
    with time_machine.travel(NOW, tick=False):
        for work in rounds_of_a_switch():
            work.run(switch.pk)
    assert not JobRun.objects.exclude(succeeded=True).exists()
    assert set(CallDay.objects.filter(day__lt=TODAY).values_list("state", flat=True)) == {DayState.PROVEN}
    assert CallDay.objects.count() == 36
    assert Call.objects.exists()
    assert Payment.objects.exists()
    assert Account.objects.filter(switch=switch, profile_at=None, missing_since=None).count() == 0
    simulator.control.reset_stats()
    with time_machine.travel(NOW, tick=False):
        for work in rounds_of_a_switch():
            work.run(switch.pk)
    assert simulator.control.stats().total == 0


def test_a_round_stops_when_the_budget_is_used_up_and_it_waited_long_enough(
    switch: Switch, simulator: SimulatorProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(priority, "PAUSE", 30)  # longer than a slot of a minute may wait
    for number in ("C-301", "A-20417", "A-20418"):
        MembershipFactory.create(account=profiles.ensure(switch=switch, number=number, now=NOW))
    Switch.objects.update(requests_per_second=Decimal("0.25"))
    simulator.control.reset_stats()
    periodic.declared()["calls of older days"].run(switch.pk)
    assert JobRun.objects.get().succeeded is False
    assert simulator.control.stats().total <= 2


def test_beat_sends_what_is_declared_and_every_task_of_it_is_registered() -> None:
    app.finalize()
    schedule = app.conf.beat_schedule
    assert set(schedule) == set(periodic.declared())
    of_money = {"top-ups to send", "top-ups in doubt", "bulk top-ups", "changes of customers"}
    assert {"balances", "proofs", "housekeeping", *of_money} <= set(schedule)
    assert {entry["task"] for entry in schedule.values()} <= set(app.tasks)


def test_every_task_that_services_hand_over_is_registered() -> None:
    app.finalize()
    handed_over = {
        requests.SEND_TOPUP.name,
        batches.CARRY_ON.name,
        changes.CARRY_OUT.name,
        export_requests.MAKE_EXPORT.name,
        backfills.RUN_BACKFILL.name,
        rates.READ_RATES.name,
        packages.READ_PACKAGES.name,
    }
    assert handed_over <= set(app.tasks)


def test_every_entry_of_beat_leaves_a_row_for_its_slot(switch: Switch) -> None:
    app.finalize()
    for work in periodic.declared().values():
        work.run(*[switch.pk] if work.is_per_switch else [])
    names = {work.job_of(switch) if work.is_per_switch else work.job for work in periodic.declared().values()}
    assert set(JobRun.objects.values_list("job", flat=True)) == names


def test_pages_read_from_a_warm_cache_send_nothing(switch: Switch, simulator: SimulatorProcess) -> None:
    account = profiles.ensure(switch=switch, number="C-301", now=NOW)
    MembershipFactory.create(account=account)
    for work in (rounds.fetch_yesterday, rounds.mirror_followed):
        work(switch=switch, now=NOW)
    simulator.control.reset_stats()
    assert not balances.current(account=account, now=NOW + timedelta(seconds=5)).asked
    wanted = CallFilter(zone=switch.zone)
    assert pages.page(account=account, chosen=wanted).calls
    assert totals.totals(account=account, chosen=wanted).calls
    assert pages.days(account=account, chosen=wanted)
    assert payments.page(account=account).entries
    assert spending.daily_cost(account=account, now=NOW)
    assert simulator.control.stats().total == 0


def test_a_real_worker_runs_a_round(worker: object, simulator: SimulatorProcess) -> None:
    switch = SwitchFactory.create(url=simulator.url)
    work = periodic.declared()["balances"]
    app.send_task(work.task, queue=work.queue)
    give_up = datetime.now(UTC) + timedelta(seconds=30)
    while not JobRun.objects.filter(finished_at__isnull=False).exists() and datetime.now(UTC) < give_up:
        time.sleep(0.1)
    row = JobRun.objects.get()
    assert (row.job, row.succeeded) == (f"balances: {switch.name}", True)
    assert Account.objects.filter(balance__isnull=False).count() > 10
