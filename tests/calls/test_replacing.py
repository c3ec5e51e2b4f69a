"""What happens to calls when days are replaced at the same time, or by an answer that cannot be read whole."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from threading import Thread
from typing import Any

import pytest
from django.db import OperationalError, connection, connections, transaction

from accounts.models import Account, Switch
from billing.calls.models import Call, CallChange, CallDay, RecordFault
from billing.calls.services import day_locks, partitions, replacing, staging
from billing.calls.services.replacing_sql import LOCK_DAYS
from billing.lib.reasons import Because
from billing.vos3000.operations.calls import Cdr
from tests.support.factories import AccountFactory, SwitchFactory
from tests.support.waiting import eventually, waiting_for_locks

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
DAY = date(2026, 11, 18)
NOON = int(datetime(2026, 11, 18, 12, tzinfo=UTC).timestamp() * 1000)
FEE = Decimal("0.1")


@pytest.fixture
def switch(db: None) -> Switch:
    partitions.ensure([DAY])
    switch: Switch = SwitchFactory.create()
    return switch


def staged(account: Account, *flow_nos: int, unreadable: int = 0, start: int = NOON) -> staging.Stage:
    stage = staging.Stage(DAY, {account.number: account.pk})
    for flow_no in flow_nos:
        number = account.number
        stage.add(Cdr(flow_no=flow_no, account=number, start=start, stop=start, hold_time=0, fee_time=0, fee=FEE))
    for _ in range(unreadable):
        stage.unreadable.add(Because(RecordFault.NOT_MONEY), "")
    return stage


def load(account: Account, *flow_nos: int, unreadable: int = 0, start: int = NOON, now: datetime = NOW) -> None:
    stage = staged(account, *flow_nos, unreadable=unreadable, start=start)
    replacing.replace_day(switch=account.switch, stage=stage, now=now)


def held(account: Account) -> tuple[list[int], int]:
    """The numbers of the account's calls, and how many its day says there are."""
    calls = Call.objects.filter(account=account).order_by("flow_no").values_list("flow_no", flat=True)
    return list(calls), CallDay.objects.get(account=account).calls


def beside(act: Callable[[], None]) -> Thread:
    def run() -> None:
        try:
            act()
        finally:
            connections.close_all()

    thread = Thread(target=run)
    thread.start()
    return thread


@pytest.mark.django_db(transaction=True)
def test_a_record_that_moves_while_another_day_waits_is_counted_where_it_is(switch: Switch) -> None:
    from_here, to_here = (AccountFactory.create(switch=switch) for _ in range(2))
    load(to_here, 1)
    load(from_here, 2, 7)
    with transaction.atomic():
        CallDay.objects.select_for_update().get(account=from_here)
        # The first waits for the day that is locked; the second, whose answer is a moment older, waits behind it.
        moving = beside(lambda: load(to_here, 1, 7, now=NOW + timedelta(minutes=1)))
        assert eventually(lambda: waiting_for_locks() == 1)
        older = beside(lambda: load(from_here, 2, 7, now=NOW + timedelta(minutes=1)))
        assert eventually(lambda: waiting_for_locks() == 2)
    moving.join()
    older.join()
    assert (held(to_here), held(from_here)) == (([1, 7], 2), ([2], 1)), "what went elsewhere is not taken back"
    load(to_here, 1, 7, now=NOW + timedelta(minutes=2))
    assert (held(to_here), held(from_here)) == (([1, 7], 2), ([2], 1))


@pytest.mark.django_db(transaction=True)
def test_a_record_that_moves_in_time_as_well_while_another_day_waits_is_one_call(switch: Switch) -> None:
    first, second = (AccountFactory.create(switch=switch) for _ in range(2))
    load(first, 2, 7)
    load(second, 1)
    with transaction.atomic():
        CallDay.objects.select_for_update().get(account=first)
        moving = beside(lambda: load(second, 1, 7, start=NOON + 1000, now=NOW + timedelta(minutes=1)))
        assert eventually(lambda: waiting_for_locks() == 1)
        older = beside(lambda: load(first, 2, 7, start=NOON + 2000, now=NOW + timedelta(minutes=1)))
        assert eventually(lambda: waiting_for_locks() == 2)
    moving.join()
    older.join()
    assert (held(first), held(second)) == (([2], 1), ([1, 7], 2))


@pytest.mark.django_db(transaction=True)
def test_proving_days_locks_them_in_the_order_in_which_they_are_replaced(switch: Switch) -> None:
    accounts = [AccountFactory.create(switch=switch) for _ in range(3)]
    # They lie in the table in the opposite order.
    days = [CallDay.objects.create(account=account, day=DAY) for account in reversed(accounts)]
    errors: list[Exception] = []

    def prove() -> None:
        try:
            with day_locks.held(days):
                pass
        except OperationalError as error:
            errors.append(error)

    def replace() -> None:
        ours: dict[str, Any] = {"touched_accounts": [account.pk for account in accounts], "touched_days": [DAY] * 3}
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(LOCK_DAYS, ours)
        except OperationalError as error:
            errors.append(error)

    with transaction.atomic():
        CallDay.objects.select_for_update().get(account=accounts[1])
        both = [beside(prove), beside(replace)]
        assert eventually(lambda: waiting_for_locks() == 2)
    for thread in both:
        thread.join()
    assert not errors


@pytest.mark.django_db(transaction=True)
def test_a_day_that_waits_for_another_which_waits_for_it_is_replaced_once_more(switch: Switch) -> None:
    first, second = sorted((AccountFactory.create(switch=switch) for _ in range(2)), key=lambda account: account.pk)
    load(first, 1)
    load(second, 2)

    def both() -> None:
        stage = staging.Stage(DAY, {account.number: account.pk for account in (first, second)})
        replacing.replace_day(switch=switch, stage=stage, now=NOW)

    with transaction.atomic(), connection.cursor() as cursor:
        # PostgreSQL ends the transaction that waited its own time first: this one waits so long that it is the other.
        cursor.execute("SET LOCAL deadlock_timeout = '1h'")
        CallDay.objects.select_for_update().get(account=second)
        replacing_both = beside(both)
        assert eventually(lambda: waiting_for_locks() == 1)
        CallDay.objects.select_for_update().get(account=first)
    replacing_both.join()
    assert (held(first), held(second)) == (([], 0), ([], 0))


def test_a_call_whose_record_cannot_be_read_this_time_stays(switch: Switch) -> None:
    account = AccountFactory.create(switch=switch)
    load(account, 1, 2)
    load(account, 1, unreadable=1, now=NOW + timedelta(hours=1))
    assert held(account) == ([1, 2], 2)
    assert not CallChange.objects.exists()
    load(account, 1, 2, now=NOW + timedelta(hours=2))
    load(account, 1, now=NOW + timedelta(hours=3))
    assert held(account) == ([1], 1)
    assert [(change.kind, change.flow_no) for change in CallChange.objects.all()] == [("gone", 2)]


def test_a_record_that_moved_in_time_is_one_call_also_where_another_cannot_be_read(switch: Switch) -> None:
    account = AccountFactory.create(switch=switch)
    load(account, 1, 2)
    Call.objects.filter(flow_no=1).update(started_at=datetime(2026, 11, 18, 9, tzinfo=UTC))
    load(account, 1, unreadable=1, now=NOW + timedelta(hours=1))
    assert held(account) == ([1, 2], 2)
