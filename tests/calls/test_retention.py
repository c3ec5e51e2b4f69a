"""Calls are dropped by the month when they are kept no longer; what they came to stays."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction
from django.test import Client

from accounts.models import Account, Switch
from billing.call_history.queries import totals
from billing.call_history.queries.filters import CallFilter
from billing.calls.models import (
    Backfill,
    Call,
    CallChange,
    CallDay,
    CallElsewhere,
    CallTotal,
    DayState,
    DroppedMonth,
    NotFetched,
    RecordFault,
    UnreadableRecord,
)
from billing.calls.queries import retention
from billing.calls.services import backfill_worker, backfills, partitions, replacing, staging
from billing.calls.services.backfills import stretch
from billing.calls.services.fetching import fetch_days
from billing.calls.services.proving import prove_days
from billing.calls.services.retention import forget_calls
from billing.lib.reasons import Because
from billing.sync.services import rounds
from billing.vos3000.operations.calls import Cdr
from simulator.process import SimulatorProcess
from tests.support.factories import AccountFactory, CallDayFactory, CallFactory, MembershipFactory, UserFactory
from tests.support.pages import read
from tests.support.waiting import eventually

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
OLD, KEPT = datetime(2026, 7, 31, 23, 30, tzinfo=UTC), datetime(2026, 8, 1, 0, 30, tzinfo=UTC)
UTC_ZONE = ZoneInfo("UTC")
# A month leaves its table while others read it, which takes transactions of its own.
DROPS = pytest.mark.django_db(transaction=True)
MONTH, BEGIN = date(1971, 1, 1), datetime(1971, 2, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _three_months(settings: Any) -> None:
    settings.CALL_RETENTION_MONTHS = 3


@pytest.fixture
def account(switch: Switch) -> Account:
    partitions.ensure([OLD.date(), KEPT.date()])
    account: Account = AccountFactory.create(switch=switch, number="W-900", opened_at=None)
    for at in (OLD, KEPT):
        CallFactory.create(account=account, started_at=at, fee=Decimal("0.25"))
        same = {"calls": 1, "reported_calls": 1, "fee": Decimal("0.25"), "reported_fee": Decimal("0.25")}
        CallDayFactory.create(account=account, day=at.date(), state=DayState.PROVEN, fetched_at=NOW, **same)
    return account


@pytest.mark.parametrize(
    ("now", "months", "expected"),
    [
        (NOW, 3, datetime(2026, 8, 1, tzinfo=UTC)),
        (datetime(2026, 1, 1, tzinfo=UTC), 12, datetime(2025, 1, 1, tzinfo=UTC)),
        (datetime(2026, 3, 31, 23, 59, tzinfo=UTC), 3, datetime(2025, 12, 1, tzinfo=UTC)),
        (NOW, 0, None),
    ],
)
def test_whole_months_before_the_present_one_are_kept(
    settings: Any, now: datetime, months: int, expected: datetime | None
) -> None:
    settings.CALL_RETENTION_MONTHS = months
    assert retention.kept_from(now) == expected


@DROPS
def test_old_months_are_dropped_and_what_their_calls_came_to_stays(account: Account) -> None:
    partitions.drop_before(begin=datetime(2026, 7, 1, tzinfo=UTC))
    assert "1 months of calls" in rounds.housekeeping(now=NOW)
    assert [call.started_at for call in Call.objects.all()] == [KEPT]
    assert CallTotal.objects.count() == CallDay.objects.filter(state=DayState.PROVEN).count() == 2
    found = totals.totals(account=account, chosen=CallFilter(zone=UTC_ZONE))
    assert (found.calls, found.fee) == (2, Decimal("0.5"))
    assert "0 months of calls" in rounds.housekeeping(now=NOW)


@DROPS
def test_what_was_noted_of_single_records_goes_with_their_month(account: Account) -> None:
    days = [date(2026, 7, 20), date(2026, 7, 31), date(2026, 8, 1)]
    for day in days:
        fault = Because(RecordFault.OTHER_TIME)
        UnreadableRecord.objects.create(account=account, day=day, reason=fault, noticed_at=NOW)
        CallElsewhere.objects.create(account=account, day=day, flow_no=1, fee=0)
    rounds.housekeeping(now=NOW)
    assert [row.day for row in UnreadableRecord.objects.all()] == [date(2026, 8, 1)]
    # The last days of a month may report calls that began in the next month.
    assert [row.day for row in CallElsewhere.objects.order_by("day")] == days[1:]


def test_nothing_is_dropped_without_the_setting(account: Account, settings: Any) -> None:
    settings.CALL_RETENTION_MONTHS = 0
    rounds.housekeeping(now=NOW)
    assert Call.objects.count() == 2


@DROPS
def test_days_of_which_calls_are_gone_stay_as_they_were(account: Account, simulator: SimulatorProcess) -> None:
    rounds.housekeeping(now=NOW)
    before = list(CallDay.objects.order_by("day").values())
    fetched = fetch_days(accounts=[account], first=OLD.date(), last=KEPT.date(), now=NOW)
    assert [(failure.day, failure.why) for failure in fetched.failures] == [
        (OLD.date(), NotFetched.NO_LONGER_KEPT),
        (KEPT.date(), NotFetched.NO_LONGER_KEPT),
    ]
    proven = prove_days(switch=account.switch, accounts=[account], first=OLD.date(), last=KEPT.date(), now=NOW)
    assert (proven.proven, proven.differing) == (0, [])
    assert list(CallDay.objects.order_by("day").values()) == before
    assert simulator.control.stats().requests == {}
    first_whole = date(2026, 8, 9)
    assert stretch(account=account, first=OLD.date(), last=date(2026, 9, 1), now=NOW) == (first_whole, date(2026, 9, 1))


def test_a_record_at_the_edge_of_what_is_kept_is_added_up_where_its_row_stays(account: Account) -> None:
    """The record is a row of the last day that is not fetched any more, and the first day that is reports it too."""
    edge, first_whole = datetime(2026, 8, 8, 23, 50, tzinfo=UTC), date(2026, 8, 9)
    call = CallFactory.create(account=account, started_at=edge, talk_seconds=1200, fee=Decimal(1))
    CallDayFactory.create(account=account, day=edge.date(), fetched_at=NOW, calls=1, fee=Decimal(1))
    load(account, first_whole, call, started_at=edge, fee=Decimal(3))
    row = Call.objects.get(pk=call.pk)
    assert (row.day, row.fee) == (edge.date(), Decimal(3))
    assert CallTotal.objects.get(day=edge.date()).fee == CallDay.objects.get(day=edge.date()).fee == 3


@DROPS
def test_hours_whose_calls_are_dropped_stay_added_up_when_another_of_their_day_moves_away(account: Account) -> None:
    """Both calls are of the day that begins before the month does, by the switch's calendar."""
    for at in (OLD, KEPT):
        Call.objects.filter(started_at=at).update(day=KEPT.date())
    CallTotal.objects.update(day=KEPT.date())
    CallDay.objects.filter(day=OLD.date()).delete()
    moved = Call.objects.get(started_at=KEPT)
    rounds.housekeeping(now=NOW)
    load(account, date(2026, 8, 9), moved, started_at=datetime(2026, 8, 9, 1, tzinfo=UTC), fee=moved.fee)
    by_day = dict(CallTotal.objects.values_list("day", "calls"))
    assert by_day == {KEPT.date(): 1, date(2026, 8, 9): 1}
    assert CallTotal.objects.get(day=KEPT.date()).hour == OLD.replace(minute=0)


def load(account: Account, day: date, call: Call, *, started_at: datetime, fee: Decimal) -> None:
    """Load the day again, with this one record."""
    stage = staging.Stage(day, {account.number: account.pk})
    start = int(started_at.timestamp() * 1000)
    record = Cdr(flow_no=call.flow_no, account=account.number, start=start, stop=start + 1_200_000, fee=fee)
    stage.add(record)
    replacing.replace_day(switch=account.switch, stage=stage, now=NOW)


def test_a_page_says_since_when_calls_are_kept(account: Account) -> None:
    client = Client()
    client.force_login(MembershipFactory.create(account=account).user)
    now = datetime.now(UTC)
    begins = retention.kept_from(now)
    assert begins is not None
    day_before = (begins.date() - timedelta(days=1)).isoformat()
    words = read(client.get(f"/a/{account.public_id}/calls/", {"from": day_before})).words
    assert f"Single calls before {begins:%-d %B %Y} are no longer kept" in words
    assert "counts on the day on which it begins" not in words
    assert "no longer kept" not in read(client.get(f"/a/{account.public_id}/calls/")).words


@DROPS
def test_a_page_of_dropped_calls_does_not_say_that_there_were_none(account: Account) -> None:
    now = datetime.now(UTC)
    begins = retention.kept_from(now)
    assert begins is not None
    at = begins - timedelta(days=2)
    partitions.ensure([at.date()])
    CallFactory.create(account=account, started_at=at)
    forget_calls(now=now)
    client = Client()
    client.force_login(MembershipFactory.create(account=account).user)
    asked = {"from": (at.date() - timedelta(days=1)).isoformat(), "to": at.date().isoformat()}
    words = read(client.get(f"/a/{account.public_id}/calls/", asked)).words
    assert "They are no longer kept. What they came to stands above." in words
    assert "There are none in these days." not in words


def test_a_page_of_a_half_hour_zone_says_what_of_dropped_calls_is_only_known_as_a_whole(account: Account) -> None:
    user = MembershipFactory.create(account=account, user__time_zone="Asia/Kolkata").user
    client = Client()
    client.force_login(user)
    begins = retention.kept_from(datetime.now(UTC))
    assert begins is not None
    address = f"/a/{account.public_id}/calls/?from={begins.date() - timedelta(days=1)}&to={begins.date()}"
    words = read(client.get(address)).words
    assert f"Single calls before {begins:%-d %B %Y}, 05:30, are no longer kept" in words
    assert "counts on the day on which it begins" in words
    assert "counts on the day on which it begins" not in read(client.get(f"{address}&answered=yes")).words


def dropped() -> list[date]:
    try:
        return partitions.drop_before(begin=BEGIN)
    finally:
        connection.close()


def seen(account: Account) -> int:
    """How many calls of that month a reader sees who begins now."""
    try:
        return Call.objects.filter(account=account, started_at__lt=BEGIN).count()
    finally:
        connection.close()


def waits_for_readers() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_locks WHERE locktype = 'virtualxid' AND NOT granted")
        return cursor.fetchone() is not None


@pytest.fixture
def old_call(transactional_db: None) -> Call:
    partitions.ensure([MONTH])
    call: Call = CallFactory.create(started_at=datetime(1971, 1, 15, tzinfo=UTC))
    return call


def test_pages_are_answered_while_a_month_that_is_being_read_waits_to_be_dropped(
    old_call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(partitions, "LONGEST_WAIT", "100s")
    client = Client()
    client.force_login(MembershipFactory.create(account=old_call.account).user)

    def status_of_a_page() -> int:
        try:
            return client.get(f"/a/{old_call.account.public_id}/calls/").status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        with transaction.atomic():
            assert Call.objects.filter(started_at__lt=BEGIN).exists()
            drop = pool.submit(dropped)
            assert eventually(lambda: waits_for_readers() or drop.done())
            assert pool.submit(status_of_a_page).result() == 200
            assert pool.submit(seen, old_call.account).result() == 0
            assert not drop.done()
        assert drop.result() == [MONTH]


def test_a_month_that_is_read_for_long_is_left_half_dropped_and_ends_the_next_time(
    old_call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(partitions, "LONGEST_WAIT", "50ms")
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            assert Call.objects.filter(started_at__lt=BEGIN).exists()
            assert pool.submit(dropped).result() == []
            assert pool.submit(dropped).result() == [], "it is read still"
            assert pool.submit(seen, old_call.account).result() == 0
        assert pool.submit(dropped).result() == [MONTH]
    assert MONTH not in partitions.months()


@pytest.mark.parametrize("how", ["CONCURRENTLY", ""], ids=["leaving", "out"])
def test_what_was_left_half_dropped_ends_whatever_is_to_be_kept_now(old_call: Call, settings: Any, how: str) -> None:
    leave_half_dropped(old_call, how)
    settings.CALL_RETENTION_MONTHS = 0
    assert forget_calls(now=NOW) == [MONTH]
    assert MONTH not in partitions.months()


@pytest.mark.parametrize("how", ["CONCURRENTLY", ""], ids=["leaving", "out"])
def test_a_month_that_was_left_half_dropped_can_be_made_anew(old_call: Call, how: str) -> None:
    leave_half_dropped(old_call, how)
    partitions.ensure([MONTH])
    assert {(part.table, part.state) for part in partitions.parts() if part.month == MONTH} == {
        (table, partitions.State.ATTACHED) for table in partitions.TABLES
    }
    with pytest.raises(IntegrityError):
        Call.objects.filter(pk=CallFactory.create(started_at=old_call.started_at).pk).update(account=0)
    assert dropped() == [MONTH]


def leave_half_dropped(call: Call, how: str) -> None:
    """Leave the month as an interrupted round does while the table is being read."""

    def detach() -> None:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '50ms'")
                cursor.execute(f"ALTER TABLE calls_call DETACH PARTITION calls_call_y1971m01 {how}")
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        if how:
            assert Call.objects.filter(pk=call.pk, started_at=call.started_at).exists()
        with pytest.raises(OperationalError) if how else nullcontext():
            pool.submit(detach).result()


def test_days_that_are_kept_no_longer_hold_up_no_stretch_that_was_asked_for(
    account: Account, simulator: SimulatorProcess
) -> None:
    dropped, kept = date(2026, 8, 8), date(2026, 8, 9)
    # It was requested when both days were still kept.
    backfill = Backfill.objects.create(
        account=account, first=dropped, last=kept, asked_by=UserFactory.create(), asked_at=NOW, progressed_at=NOW
    )
    worked = backfill_worker.run_slot(switch=account.switch, now=NOW, slot=timedelta(seconds=2))
    backfill.refresh_from_db()
    assert (worked.days, worked.failed, worked.is_more) == (1, 0, False)
    assert (backfill.ended_at is None, backfill.left_out) == (False, 1)


@DROPS
@pytest.mark.parametrize("months", [12, 0])
def test_dropped_calls_that_are_to_be_kept_after_all_are_fetched_again(
    account: Account, simulator: SimulatorProcess, settings: Any, months: int
) -> None:
    assert forget_calls(now=NOW) == [date(2026, 7, 1)]
    settings.CALL_RETENTION_MONTHS = months
    forget_calls(now=NOW)
    states = CallDay.objects.order_by("day").values_list("state", "fetched_at", "calls_dropped")
    assert list(states) == [(DayState.PROVEN, NOW, True), (DayState.PROVEN, NOW, False)]
    asked = UserFactory.create()
    assert backfills.ask(account=account, first=OLD.date(), last=KEPT.date(), by=asked, now=NOW) is not None
    simulator.control.add_call(
        account.number, "441", start=int(OLD.timestamp() * 1000), seconds=60, fee=Decimal("0.25")
    )
    fetch_days(accounts=[account], first=OLD.date(), last=OLD.date(), now=NOW)
    assert [call.started_at for call in Call.objects.order_by("started_at")] == [OLD, KEPT]
    assert not CallChange.objects.exists()
    assert not DroppedMonth.objects.exists()
    assert not CallDay.objects.filter(calls_dropped=True).exists()


@DROPS
def test_dropped_calls_that_the_switch_has_no_longer_are_asked_for_once(
    account: Account, simulator: SimulatorProcess, settings: Any
) -> None:
    forget_calls(now=NOW)
    settings.CALL_RETENTION_MONTHS = 12
    forget_calls(now=NOW)
    day, asked = OLD.date(), UserFactory.create()
    assert backfills.ask(account=account, first=day, last=day, by=asked, now=NOW) is not None
    simulator.control.reset_stats()
    backfill_worker.run_slot(switch=account.switch, now=NOW)
    later = NOW + timedelta(hours=3)
    assert backfills.ask(account=account, first=day, last=day, by=asked, now=later) is None
    backfill_worker.run_slot(switch=account.switch, now=later)
    assert len(simulator.control.received("GetCdr")) == 1
    old = CallDay.objects.get(account=account, day=day)
    assert (old.state, old.calls, old.failure) == (DayState.PROVEN, 1, NotFetched.NOT_ON_SWITCH)


@DROPS
def test_days_that_the_switch_is_known_to_have_no_longer_are_not_asked_for(account: Account, settings: Any) -> None:
    Switch.objects.update(call_days_kept=30)
    forget_calls(now=NOW)
    settings.CALL_RETENTION_MONTHS = 12
    forget_calls(now=NOW)
    assert not CallDay.objects.filter(calls_dropped=True).exists()


def test_a_month_that_could_not_be_dropped_is_not_taken_for_one_that_was(
    old_call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(partitions, "LONGEST_WAIT", "50ms")

    def forget() -> list[date]:
        try:
            return forget_calls(now=NOW)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {Call._meta.db_table} IN SHARE UPDATE EXCLUSIVE MODE")
        assert pool.submit(forget).result() == []
    assert Call.objects.filter(pk=old_call.pk).exists()
    assert not DroppedMonth.objects.exists()


def test_a_month_that_is_leaving_holds_up_no_older_one(old_call: Call) -> None:
    leave_half_dropped(old_call, "CONCURRENTLY")
    older = date(1970, 12, 1)
    partitions.ensure([older])
    assert dropped() == [MONTH, older]
