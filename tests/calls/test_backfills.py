"""Days that a person asks for: what is requested, how it is fetched, and that the switch is spared."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.db import connection

from accounts.models import Account, Switch
from billing.calls.models import Backfill, CallDay, DayState
from billing.calls.queries.backfills import progress
from billing.calls.services import backfill_worker, backfills, due_days, fetching, proving
from billing.calls.services.backfills import BackfillRefused
from billing.calls.services.fetching import fetch_days
from billing.lib.days import each_day
from billing.lib.queued_tasks import QueuedTask
from billing.lib.redis import connection as redis
from billing.switches.models import SwitchFailure
from billing.sync.services import rounds
from simulator.process import SimulatorProcess
from tests.support.factories import AccountFactory, CallDayFactory, MembershipFactory, SwitchFactory, UserFactory
from tests.support.processes import start_worker
from tests.support.waiting import eventually

NOW = datetime.now(UTC)
TODAY = NOW.date()
LONG_AGO = TODAY - timedelta(days=100)
MOST = backfills.MOST_DAYS_WAITING


def days_ago(days: int) -> date:
    return TODAY - timedelta(days=days)


@pytest.fixture
def account(switch: Switch) -> Account:
    return opened(switch, "W-900")


def opened(switch: Switch, number: str) -> Account:
    account: Account = AccountFactory.create(switch=switch, number=number, opened_at=None)
    return account


def ask(account: Account, first: date, last: date, **more: Any) -> Backfill | None:
    return backfills.ask(account=account, first=first, last=last, by=UserFactory.create(), now=NOW, **more)


def asked(account: Account, first: date, last: date) -> Backfill:
    backfill = ask(account, first, last)
    assert backfill is not None
    return backfill


def work(account: Account, now: datetime = NOW, **more: Any) -> backfill_worker.Worked:
    return backfill_worker.run_slot(switch=account.switch, now=now, **more)


def requests(simulator: SimulatorProcess) -> int:
    return simulator.control.stats().requests.get("GetCdr", 0)


def test_days_that_are_asked_for_come_in_with_one_request_each(account: Account, simulator: SimulatorProcess) -> None:
    CallDayFactory.create(account=account, day=days_ago(97), fetched_at=NOW)
    backfill = asked(account, LONG_AGO, days_ago(96))
    worked = work(account)
    assert (worked.days, worked.failed, worked.is_more, requests(simulator)) == (4, 0, False, 4)
    far = progress(account=account, first=LONG_AGO, last=days_ago(96))
    assert (far.done, far.total, far.is_awaited) == (5, 5, False)
    backfill.refresh_from_db()
    assert (backfill.left_out, backfill.ended_at is None) == (0, False)


def test_the_newest_day_of_each_account_comes_first_and_small_accounts_share_requests(
    switch: Switch, simulator: SimulatorProcess
) -> None:
    accounts = [opened(switch, number) for number in ("C-301", "A-20417")]
    for account in accounts:
        asked(account, days_ago(101), LONG_AGO)
    due = backfill_worker._next_days(switch, NOW, [])
    assert [(part.day, part.accounts) for part in due] == [(LONG_AGO, accounts)]
    work(accounts[0])
    assert requests(simulator) == 2


def test_a_slot_ends_and_the_next_one_goes_on(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    asked(account, days_ago(102), LONG_AGO)
    handed_over: list[int] = []
    monkeypatch.setattr(QueuedTask, "enqueue", lambda task, row_id: handed_over.append(row_id))
    assert work(account, slot=timedelta(0)).is_more
    assert handed_over == [account.switch_id]
    assert work(account).days == 3


def test_a_day_that_fails_waits_while_the_others_come_in(account: Account, simulator: SimulatorProcess) -> None:
    backfill = asked(account, days_ago(102), LONG_AGO)
    simulator.control.add_fault("GetCdr", "drop_before", count=1)
    worked = work(account)
    assert (worked.days, worked.failed) == (2, 1)
    far = progress(account=account, first=backfill.first, last=backfill.last)
    assert (far.done, far.failed, far.failure, far.is_awaited) == (2, 1, SwitchFailure.BROKEN, True)
    assert work(account).days == 0
    assert work(account, NOW + fetching.PAUSES.first + timedelta(minutes=1)).days == 1


def test_a_day_that_cannot_be_fetched_is_tried_ever_more_rarely(account: Account, simulator: SimulatorProcess) -> None:
    day = days_ago(20)
    asked(account, day, day)
    MembershipFactory.create(account=account)
    simulator.control.add_fault("GetCdr", "drop_before", count=20)
    tried = []
    for minutes in range(300):
        redis().flushdb()  # of the breaker, whose time is not this test's
        if work(account, NOW + timedelta(minutes=minutes)).failed:
            tried.append(minutes)
    pauses = [after - before for before, after in pairwise(tried)]
    # A try may take longer than the look that found it due: a minute more is allowed.
    assert [pause - pause % 10 for pause in pauses] == [10, 20, 40, 80, 120]
    for minutes, is_due in ((390, False), (400, True)):
        due = due_days.due_back_fill(switch=account.switch, now=NOW + timedelta(minutes=minutes), step=1000)
        assert any(part.day == day for part in due) == is_due
    simulator.control.clear_faults()
    redis().flushdb()
    fetch_days(accounts=[account], first=day, last=day, now=NOW + timedelta(minutes=400))
    row = CallDay.objects.get(account=account, day=day)
    assert (row.failures, row.fetch_again_at) == (0, None)


def test_what_never_comes_in_is_given_up_and_counted(account: Account, simulator: SimulatorProcess) -> None:
    backfill = asked(account, days_ago(101), LONG_AGO)
    simulator.control.add_fault("GetCdr", "drop_before", count=10)
    work(account)
    work(account, NOW + backfill_worker.GIVEN_UP_AFTER + timedelta(minutes=1))
    backfill.refresh_from_db()
    assert (backfill.left_out, backfill.ended_at is None) == (2, False)
    assert not progress(account=account, first=backfill.first, last=backfill.last).is_awaited


def test_a_used_up_budget_ends_the_slot_and_loses_nothing(simulator: SimulatorProcess, db: None) -> None:
    account = opened(SwitchFactory.create(url=simulator.url, requests_per_second="0.01"), "W-900")
    asked(account, days_ago(102), LONG_AGO)
    assert work(account).days == 1
    assert requests(simulator) == 1
    assert Backfill.objects.get().ended_at is None


@pytest.mark.django_db(transaction=True)
def test_two_workers_fetch_no_day_twice(simulator: SimulatorProcess) -> None:
    account = opened(SwitchFactory.create(url=simulator.url), "W-900")
    asked(account, days_ago(103), LONG_AGO)
    simulator.control.add_fault("GetCdr", "late", seconds=0.2, count=4)

    def run(_: int) -> int:
        try:
            return work(Account.objects.select_related("switch").get(pk=account.pk)).days
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as pool:
        assert sum(pool.map(run, range(3))) == 4
    assert requests(simulator) == 4


@pytest.mark.django_db(transaction=True)
def test_slots_do_not_pile_up_on_a_switch_whose_days_take_long(
    simulator: SimulatorProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backfill_worker, "LONGEST_SILENCE", timedelta(seconds=0.3))
    account = opened(SwitchFactory.create(url=simulator.url), "W-900")
    asked(account, days_ago(101), LONG_AGO)
    simulator.control.add_fault("GetCdr", "late", seconds=0.8)

    def run() -> int:
        try:
            return work(Account.objects.select_related("switch").get(pk=account.pk)).days
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(run)
        assert eventually(lambda: requests(simulator) > 0)
        others = 0
        while not slow.done():
            others += work(account).days
        assert (slow.result(), others) == (2, 0)


def test_days_of_an_account_that_is_missing_on_the_switch_are_not_taken_for_empty(
    account: Account, simulator: SimulatorProcess
) -> None:
    CallDayFactory.create(account=account, day=days_ago(102), state="fetched", fetched_at=NOW)
    Account.objects.filter(pk=account.pk).update(missing_since=NOW)
    account.refresh_from_db()
    asked(account, days_ago(102), LONG_AGO)
    assert (work(account).days, requests(simulator)) == (0, 0)
    gone = CallDay.objects.filter(fetched_at__isnull=True).values_list("failure", flat=True)
    assert list(gone) == [SwitchFailure.ACCOUNT_GONE] * 2
    proving.prove_days(switch=account.switch, accounts=[account], first=days_ago(102), last=LONG_AGO, now=NOW)
    assert CallDay.objects.get(day=days_ago(102)).state == "fetched"


def test_accounts_whose_answer_was_of_no_use_wait_for_the_next_slot(
    switch: Switch, simulator: SimulatorProcess
) -> None:
    accounts = [opened(switch, number) for number in ("C-301", "A-20417", "A-20418", "A-20420")]
    for account in accounts:
        asked(account, LONG_AGO, LONG_AGO)
    simulator.control.add_fault("GetCdr", "unlisted_code", account="A-20418")
    slots = [(work(account, NOW + timedelta(minutes=n)).days, requests(simulator)) for n in range(4)]
    assert slots == [(0, 1), (2, 3), (1, 5), (0, 5)]


def test_the_same_wish_again_is_the_same(account: Account) -> None:
    backfill = asked(account, days_ago(120), LONG_AGO)
    assert ask(account, days_ago(110), days_ago(105)) == backfill
    assert Backfill.objects.count() == 1


def test_days_that_are_here_are_not_asked_for(account: Account) -> None:
    CallDayFactory.create(account=account, day=LONG_AGO, fetched_at=NOW)
    assert ask(account, LONG_AGO, LONG_AGO) is None


@pytest.mark.parametrize(
    ("first", "last", "kept", "opened_days_ago", "expected"),
    [
        (date(1990, 1, 1), TODAY, None, 30, (days_ago(30), TODAY)),
        (date(1990, 1, 1), TODAY, 60, 300, (days_ago(60), TODAY)),
        (date(1990, 1, 1), date(2100, 1, 1), None, None, (TODAY - backfills.LONGEST_KEPT, TODAY)),
        (date(1990, 1, 1), date(1990, 12, 31), None, None, None),
        (TODAY + timedelta(days=1), TODAY + timedelta(days=9), None, None, None),
    ],
)
def test_nothing_is_asked_for_that_the_switch_cannot_know(
    account: Account,
    first: date,
    last: date,
    kept: int | None,
    opened_days_ago: int | None,
    expected: tuple[date, date] | None,
) -> None:
    account.switch.call_days_kept = kept
    account.opened_at = NOW - timedelta(days=opened_days_ago) if opened_days_ago else None
    assert backfills.stretch(account=account, first=first, last=last, now=NOW) == expected


def test_an_account_waits_for_so_many_days_at_a_time(account: Account) -> None:
    asked(account, days_ago(MOST), days_ago(1))
    with pytest.raises(BackfillRefused):
        ask(account, days_ago(MOST + 1), days_ago(MOST + 1))
    assert ask(account, days_ago(500), days_ago(401), as_staff=True) is not None


def test_of_a_longer_range_the_newest_days_come_first_and_then_the_others(account: Account) -> None:
    first = days_ago(MOST + 150)
    backfill = asked(account, first, days_ago(1))
    assert (backfill.first, backfill.last) == (days_ago(MOST), days_ago(1))
    fetched(account, days_ago(100), days_ago(1))
    assert ask(account, first, days_ago(1)) == backfill, "one after the other"
    far = progress(account=account, first=first, last=days_ago(1))
    assert (far.done, far.missing, far.awaited, far.later) == (100, 450, 300, 150)
    fetched(account, days_ago(MOST), days_ago(101))
    work(account)
    rest = asked(account, first, days_ago(1))
    assert (rest.first, rest.last) == (first, days_ago(MOST + 1))
    assert progress(account=account, first=first, last=days_ago(1)).later == 0


def test_a_day_that_never_comes_holds_up_none_of_a_long_range(
    account: Account, simulator: SimulatorProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backfills, "MOST_DAYS_WAITING", 5)
    first, last, never = days_ago(121), LONG_AGO, days_ago(102)
    simulator.control.add_fault("GetCdr", "unlisted_code", day=f"{never:%Y%m%d}")
    told = []
    for _ in range(6):
        ask(account, first, last)
        assert work(account).failed <= 1
        far = progress(account=account, first=first, last=last)
        told.append((far.done, far.awaited, far.failing, far.later))
    assert told == [(4, 1, 1, 17), (8, 1, 1, 13), (12, 1, 1, 9), (16, 1, 1, 5), (20, 1, 1, 1), (21, 1, 1, 0)]
    assert (far.missing, far.failed, far.all_failed, far.percent) == (1, 1, True, 95)
    assert far.failure == SwitchFailure.REFUSED
    assert CallDay.objects.get(fetched_at__isnull=True).day == never
    assert requests(simulator) == far.total, "each day once, in its first slot"


def test_days_that_could_not_be_fetched_use_up_room_but_no_stretch(account: Account) -> None:
    for days in range(backfills.MOST_OPEN + 1):
        asked(account, days_ago(60 + days), days_ago(60 + days))
        CallDayFactory.create(account=account, day=days_ago(60 + days), failed_at=NOW, fetched_at=None)
    room = asked(account, days_ago(1000), days_ago(500))
    assert (room.last - room.first).days + 1 == MOST - backfills.MOST_OPEN - 1


def test_what_came_in_or_was_given_up_takes_no_room(account: Account, simulator: SimulatorProcess) -> None:
    lost = asked(account, days_ago(MOST), days_ago(MOST))
    simulator.control.add_fault("GetCdr", "drop_before", count=10)
    work(account)
    work(account, NOW + backfill_worker.GIVEN_UP_AFTER + timedelta(minutes=1))
    lost.refresh_from_db()
    assert lost.ended_at is not None
    asked(account, days_ago(MOST - 1), days_ago(1))
    fetched(account, days_ago(200), days_ago(1))
    room = asked(account, days_ago(1000), days_ago(500))
    assert (room.last - room.first).days + 1 == 201


def test_progress_never_goes_back_nor_beyond_all(account: Account, simulator: SimulatorProcess) -> None:
    first, last = days_ago(107), LONG_AGO
    asked(account, first, last)
    simulator.control.add_fault("GetCdr", "drop_before", rate=0.5, seed=3)
    simulator.control.add_fault("GetCdr", "cut_body", rate=0.3, seed=4)
    seen = []
    for minutes in range(0, 90, 10):
        if minutes == 60:
            simulator.control.clear_faults()
        work(account, NOW + timedelta(minutes=minutes, seconds=minutes))
        redis().flushdb()  # the breaker's pause
        fetch_days(accounts=[account], first=last, last=last, now=NOW)
        seen.append(progress(account=account, first=first, last=last).percent)
    assert seen == sorted(seen)
    assert seen[0] < seen[-1] == 100


def fetched(account: Account, first: date, last: date) -> None:
    days = {"state": DayState.FETCHED, "fetched_at": NOW}
    CallDay.objects.bulk_create([CallDay(account=account, day=day, **days) for day in each_day(first, last)])


def test_an_account_waits_for_few_stretches_at_a_time(account: Account) -> None:
    for days in range(backfills.MOST_OPEN):
        asked(account, days_ago(60 + days), days_ago(60 + days))
    with pytest.raises(BackfillRefused):
        ask(account, days_ago(90), days_ago(90))


def test_what_staff_ask_for_uses_up_nothing_of_an_accounts_own(account: Account) -> None:
    staff = UserFactory.create(is_staff=True)
    for begin in (1000, 700, 500):
        days = {"first": days_ago(begin), "last": days_ago(begin - 150)}
        assert backfills.ask(account=account, **days, by=staff, now=NOW, as_staff=True) is not None
    assert ask(account, days_ago(90), days_ago(60)) is not None


def test_days_that_were_asked_for_are_proven_whatever_their_age(account: Account, simulator: SimulatorProcess) -> None:
    days = [days_ago(200), LONG_AGO, days_ago(60)]
    for day in days:
        asked(account, day, day)
    work(account)
    rounds.prove(switch=account.switch, now=NOW)
    states = CallDay.objects.filter(day__in=days).order_by("-day")
    assert [row.state for row in states] == ["proven", "fetched", "fetched"]
    for _ in days:
        rounds.prove(switch=account.switch, now=NOW)
    assert {row.state for row in states.all()} == {"proven"}
    before = simulator.control.stats().requests["GetReportCustomerFee"]
    rounds.prove(switch=account.switch, now=NOW)
    assert simulator.control.stats().requests["GetReportCustomerFee"] == before


def test_the_round_works_it_off_where_no_broker_answered(account: Account) -> None:
    asked(account, LONG_AGO, LONG_AGO)
    assert rounds.fetch_asked(switch=account.switch, now=NOW).startswith("1 days with ")


@pytest.fixture
def two_workers(transactional_db: None, own_redis: str) -> Iterator[list[Any]]:
    workers: list[Any] = []
    yield workers
    for process in workers:
        process.terminate()
        process.wait(20)


def test_a_worker_that_is_killed_leaves_its_days_to_another(
    two_workers: list[Any], own_redis: str, simulator: SimulatorProcess
) -> None:
    account = opened(SwitchFactory.create(url=simulator.url), "W-900")
    simulator.control.add_fault("GetCdr", "late", seconds=0.3, count=10)
    two_workers.append(start_worker(own_redis))
    asked(account, days_ago(105), LONG_AGO)
    assert eventually(lambda: CallDay.objects.filter(account=account, fetched_at__isnull=False).count() >= 2)
    two_workers[0].kill()
    two_workers[0].wait(20)
    # The claims that it held end by themselves within minutes.
    for key in redis().scan_iter("lock:*"):
        redis().delete(key)
    assert work(account).days >= 1
    assert CallDay.objects.filter(account=account, fetched_at__isnull=False).count() == 6
    assert Backfill.objects.get().ended_at is not None
