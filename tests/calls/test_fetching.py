from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import requests
from django.db import IntegrityError, connection, transaction
from django.db.models import Count, Sum

from accounts.models import Account, Switch
from billing.balances.services import balances
from billing.calls.models import Call, CallChange, CallDay, ChangeOfRecord, DayState, RecordFault, UnreadableRecord
from billing.calls.services import fetching, partitions, proving, staging
from billing.calls.services.fetching import fetch_days
from billing.calls.services.proof_retries import PAUSES
from billing.calls.services.proving import prove_days
from billing.lib.reasons import Because
from billing.switches.models import SwitchFailure
from billing.switches.services.clients import client
from billing.vos3000.operations.calls import Cdr
from billing.vos3000.operations.reports import get_report_customer_fee
from simulator.process import SimulatorProcess
from tests.support.call_records import UNREADABLE
from tests.support.factories import AccountFactory, CallFactory, SwitchFactory
from tests.support.waiting import eventually

NOW = datetime.now(UTC)
TODAY = NOW.date()
YESTERDAY = TODAY - timedelta(days=1)
NOON = datetime(YESTERDAY.year, YESTERDAY.month, YESTERDAY.day, 12, tzinfo=UTC)
WHOLESALE = "W-900"


def millis(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def known(switch: Switch, number: str = WHOLESALE) -> Account:
    account: Account = AccountFactory.create(switch=switch, number=number)
    return account


def fetch(account: Account, day: date = YESTERDAY, now: datetime = NOW) -> CallDay:
    fetch_days(accounts=[account], first=day, last=day, now=now)
    return CallDay.objects.get(account=account, day=day)


def prove(account: Account, day: date = YESTERDAY, now: datetime = NOW) -> CallDay:
    prove_days(switch=account.switch, accounts=[account], first=day, last=day, now=now)
    return CallDay.objects.get(account=account, day=day)


def versions(account: Account) -> set[tuple[int, str, str]]:
    """What changes when a row is written again: its number, and which version of it stands where."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT flow_no, xmin::text, ctid::text FROM calls_call WHERE account_id = %s", [account.pk])
        return set(cursor.fetchall())


def test_a_day_holds_what_the_switch_reports(switch: Switch) -> None:
    account = known(switch)
    row = fetch(account)
    with client(switch) as asking:
        stated = get_report_customer_fee(asking, accounts=[WHOLESALE], first=YESTERDAY, last=YESTERDAY)[0]
    assert (row.calls, row.fee, row.billed_seconds) == (stated.cdr_count, stated.total_fee, stated.total_time)
    assert row.calls == Call.objects.filter(account=account).count() > 100
    assert 0 < row.answered < row.calls
    assert (row.state, row.fetched_at) == (DayState.FETCHED, NOW)


def test_an_unchanged_day_is_loaded_again_without_writing_a_row(switch: Switch) -> None:
    account = known(switch)
    fetch(account)
    before = versions(account)
    fetch(account, now=NOW + timedelta(minutes=1))
    assert versions(account) == before


@pytest.mark.parametrize("kind", ["cut_body", "drop_after", "empty_after", "html_403", "non_utf8", "error_500_before"])
def test_a_stream_that_fails_leaves_the_old_day(switch: Switch, simulator: SimulatorProcess, kind: str) -> None:
    account = known(switch)
    before = fetch(account)
    rows = versions(account)
    simulator.control.add_call(WHOLESALE, "8613900000000", start=millis(NOON), fee=Decimal("0.1"))
    simulator.control.add_fault("GetCdr", kind)
    fetched = fetch_days(accounts=[account], first=YESTERDAY, last=YESTERDAY, now=NOW + timedelta(minutes=1))
    after = CallDay.objects.get(pk=before.pk)
    assert [(failure.account, failure.day) for failure in fetched.failures] == [(account, YESTERDAY)] or (
        kind == "non_utf8" and after.unreadable
    )
    assert (after.calls, after.fee) == (before.calls, before.fee) or kind == "non_utf8"
    if kind != "non_utf8":
        assert versions(account) == rows
        assert after.failure
        assert after.failed_at == NOW + timedelta(minutes=1)
        assert (after.state, after.fetched_at) == (before.state, before.fetched_at)


def add(simulator: SimulatorProcess, account: Account) -> None:
    simulator.control.add_call(account.number, "8613900000000", start=millis(NOON), seconds=30, fee=Decimal("0.3"))


def edit(simulator: SimulatorProcess, account: Account) -> None:
    simulator.control.edit_call(Call.objects.filter(account=account)[5].flow_no, fee=Decimal("9.123456"))


def remove(simulator: SimulatorProcess, account: Account) -> None:
    simulator.control.remove_call(Call.objects.filter(account=account)[5].flow_no)


@pytest.mark.parametrize("change", [add, edit, remove])
def test_a_late_an_edited_or_a_removed_record_is_found_and_fetched(
    switch: Switch, simulator: SimulatorProcess, change: Callable[[SimulatorProcess, Account], None]
) -> None:
    account = known(switch)
    fetch(account)
    assert prove(account).state == DayState.PROVEN
    before = CallDay.objects.get(account=account).fee
    change(simulator, account)
    simulator.control.add_fault("GetCdr", "drop_before", count=5)
    assert prove(account).state == DayState.DIFFERS
    simulator.control.clear_faults()
    row = prove(account, now=NOW + PAUSES.first)
    assert (row.state, row.reported_calls, row.reported_fee) == (DayState.PROVEN, row.calls, row.fee)
    assert row.fee != before


def test_today_is_never_proven(switch: Switch) -> None:
    account = known(switch)
    fetch(account, TODAY)
    assert prove(account, TODAY).state == DayState.FETCHED


def test_a_day_without_calls_is_proven_with_none(switch: Switch, simulator: SimulatorProcess) -> None:
    account = known(switch, "C-301")
    old = TODAY - timedelta(days=100)
    fetch(account, old)
    row = prove(account, old)
    assert (row.state, row.calls, row.reported_calls) == (DayState.PROVEN, 0, 0)


def test_many_accounts_and_days_are_proven_by_one_request(switch: Switch, simulator: SimulatorProcess) -> None:
    accounts = [known(switch, number) for number in (WHOLESALE, "C-301", "A-20417", "A-20418")]
    first = TODAY - timedelta(days=5)
    fetch_days(accounts=accounts, first=first, last=YESTERDAY, now=NOW)
    simulator.control.reset_stats()
    proven = prove_days(switch=switch, accounts=accounts, first=first, last=TODAY, now=NOW)
    assert (proven.proven, proven.differing) == (20, [])
    assert simulator.control.stats().requests == {"GetReportCustomerFee": 1}


def test_small_accounts_share_a_request_and_keep_their_own_calls(switch: Switch, simulator: SimulatorProcess) -> None:
    accounts = [known(switch, number) for number in ("C-301", "A-20417", "A-20418")]
    fetched = fetch_days(accounts=accounts, first=YESTERDAY, last=YESTERDAY, now=NOW)
    assert simulator.control.stats().requests["GetCdr"] == 1
    sums = {row.account_id: (row.calls, row.fee) for row in CallDay.objects.all()}
    held = Call.objects.values_list("account").annotate(Count("id"), Sum("fee"))
    assert {account: (calls, fee) for account, calls, fee in held} == {k: v for k, v in sums.items() if v[0]}
    assert (fetched.days, fetched.calls) == (3, sum(calls for calls, _ in sums.values()))


def test_an_account_that_is_gone_loses_no_history(switch: Switch) -> None:
    account = known(switch)
    calls = fetch(account).calls
    Account.objects.filter(pk=account.pk).update(number="X-1")
    account.refresh_from_db()
    fetched = fetch_days(accounts=[account, known(switch, "C-301")], first=YESTERDAY, last=YESTERDAY, now=NOW)
    assert [failure.account for failure in fetched.failures] == [account]
    again = fetch_days(accounts=[account], first=YESTERDAY, last=YESTERDAY, now=NOW)
    assert [failure.why for failure in again.failures] == [SwitchFailure.ACCOUNT_GONE]
    assert Call.objects.filter(account=account).count() == calls


def test_an_account_that_is_cancelled_loses_no_history(switch: Switch, simulator: SimulatorProcess) -> None:
    account = known(switch, "A-20418")
    calls = sum(fetch(account, YESTERDAY - timedelta(days=ago)).calls for ago in range(3))
    requests.post(f"{simulator.url}/external/server/DeleteCustomer", json={"account": "A-20418"}, timeout=10)
    fetched = fetch_days(accounts=[account], first=YESTERDAY - timedelta(days=2), last=YESTERDAY, now=NOW)
    assert {failure.why for failure in fetched.failures} == {SwitchFailure.ACCOUNT_GONE}
    assert Call.objects.filter(account=account).count() == calls > 0
    assert balances.current(account=account, now=NOW).failure == SwitchFailure.ACCOUNT_GONE


def test_a_record_that_moved_to_another_day_is_one_row(switch: Switch, simulator: SimulatorProcess) -> None:
    account = known(switch)
    fetch(account)
    flow_no = Call.objects.filter(account=account)[5].flow_no
    before = YESTERDAY - timedelta(days=1)
    start = millis(NOON - timedelta(days=1))
    simulator.control.edit_call(flow_no, fields={"start": start, "stop": start + 60_000})
    earlier = fetch(account, before)
    assert Call.objects.get(flow_no=flow_no).day == before
    assert Call.objects.filter(day=before).count() == earlier.calls
    assert Call.objects.filter(day=YESTERDAY).count() == CallDay.objects.get(day=YESTERDAY).calls


@pytest.mark.django_db
def test_a_record_that_two_days_report_is_one_row() -> None:
    """The switch counts the call to the day on which it ends at first, and to the day on which it starts then."""
    late = datetime(YESTERDAY.year, YESTERDAY.month, YESTERDAY.day, tzinfo=UTC) - timedelta(seconds=20)
    account = known(SwitchFactory.create())
    switch = account.switch
    with SimulatorProcess("--quiet-world", "--day-rule", "stop") as by_end:
        use(switch, by_end)
        flow_no = by_end.control.add_call(WHOLESALE, "8613900000000", start=millis(late), seconds=60)
        assert fetch(account).calls == Call.objects.filter(day=YESTERDAY).count()
        assert Call.objects.get(flow_no=flow_no).day == YESTERDAY
        by_end.control.edit_call(flow_no, fields={"stop": millis(late) + 10_000})
        fetch(account, YESTERDAY - timedelta(days=1))
    call = Call.objects.get(flow_no=flow_no)
    assert call.day == YESTERDAY - timedelta(days=1)
    for row in CallDay.objects.all():
        assert row.calls == Call.objects.filter(day=row.day).count()


def use(switch: Switch, simulator: SimulatorProcess) -> None:
    Switch.objects.filter(pk=switch.pk).update(url=simulator.url)
    switch.refresh_from_db()


@pytest.mark.django_db
def test_a_day_of_twenty_five_hours_is_one_day() -> None:
    with SimulatorProcess("--quiet-world", "--timezone", "Europe/Berlin") as berlin:
        switch = SwitchFactory.create(url=berlin.url, time_zone="Europe/Berlin")
        account = known(switch)
        long_day = date(2026, 10, 25)
        begin, end = datetime(2026, 10, 24, 22, tzinfo=UTC), datetime(2026, 10, 25, 23, tzinfo=UTC)
        fetch(account, long_day)
        before = CallDay.objects.get(account=account, day=long_day).calls
        for start in (begin, begin + timedelta(hours=2.5), begin + timedelta(hours=3.5), end - timedelta(seconds=1)):
            berlin.control.add_call(WHOLESALE, "8613900000000", start=millis(start), fee=Decimal("0.25"))
        for start in (begin - timedelta(seconds=1), end):
            berlin.control.add_call(WHOLESALE, "8613900000000", start=millis(start), fee=Decimal("0.5"))
        assert fetch(account, long_day).calls == before + 4
        row = prove(account, long_day)
        assert row.state == DayState.PROVEN
        assert Call.objects.filter(started_at__gte=begin, started_at__lt=end).count() == row.calls


@pytest.mark.django_db(transaction=True)
def test_two_workers_never_fetch_one_day_at_once(simulator: SimulatorProcess) -> None:
    account = known(SwitchFactory.create(url=simulator.url))
    simulator.control.add_fault("GetCdr", "late", seconds=0.5)

    def run(_: int) -> int:
        try:
            mine = Account.objects.select_related("switch").get(pk=account.pk)
            return fetch_days(accounts=[mine], first=YESTERDAY, last=YESTERDAY, now=NOW).days
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(run, range(4))) == 1
    assert simulator.control.stats().requests["GetCdr"] == 1


@pytest.mark.django_db(transaction=True)
def test_a_day_that_takes_long_is_left_to_who_fetches_it(
    simulator: SimulatorProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "LONGEST_SILENCE", timedelta(seconds=0.3))
    account = known(SwitchFactory.create(url=simulator.url))
    simulator.control.add_fault("GetCdr", "late", seconds=1)

    def run() -> None:
        try:
            mine = Account.objects.select_related("switch").get(pk=account.pk)
            fetch_days(accounts=[mine], first=YESTERDAY, last=YESTERDAY, now=NOW)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(run)
        assert eventually(lambda: bool(fetching.being_fetched(account=account, days=[YESTERDAY])))
        assert eventually(lambda: not fetching.being_fetched(account=account, days=[YESTERDAY]))
        assert CallDay.objects.get(account=account, day=YESTERDAY).fetched_at, "free when it is here, not before"
        slow.result()
    assert simulator.control.stats().requests["GetCdr"] == 1


@pytest.mark.django_db(transaction=True)
def test_partitions_are_made_once_however_many_want_them() -> None:
    def run(_: int) -> None:
        try:
            partitions.ensure([date(2031, month, 1) for month in (1, 2, 12)])
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(run, range(6)))
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_class WHERE relname LIKE 'calls_call_y2031m__'")
        assert cursor.fetchone() == (3,)
        for month in ("01", "02", "12"):
            for table in partitions.TABLES:
                cursor.execute(f"DROP TABLE {table}_y2031m{month}")


def test_fees_are_rounded_half_to_even(switch: Switch, simulator: SimulatorProcess) -> None:
    for fee in ("0.0000005", "0.0000015", "-0.0000025"):
        simulator.control.add_call("C-301", "8612345", start=millis(NOON), fee=Decimal(fee))
    account = known(switch, "C-301")
    fetch(account)
    fees = Call.objects.filter(callee="8612345").order_by("flow_no").values_list("fee", flat=True)
    assert list(fees) == [Decimal(0), Decimal("0.000002"), Decimal("-0.000002")]


def test_a_big_day_streams(switch: Switch, simulator: SimulatorProcess) -> None:
    account = known(switch)
    flood = simulator.control.flood(WHOLESALE, f"{YESTERDAY:%Y%m%d}", calls=20_000, seed=3)
    row = fetch(account)
    assert row.calls > 20_000
    assert row.fee > flood.fee
    assert prove(account).state == DayState.PROVEN


def test_a_record_that_cannot_be_read_is_counted_and_keeps_its_day_from_being_proven(
    switch: Switch, simulator: SimulatorProcess
) -> None:
    accounts = [known(switch, number) for number in ("C-301", WHOLESALE)]
    start = millis(NOON)
    simulator.control.add_call("C-301", "8613900000000", start=start, fields=UNREADABLE)
    fetch_days(accounts=accounts, first=YESTERDAY, last=YESTERDAY, now=NOW)
    assert not Call.objects.exists(), "it does not show whose record that is"
    fetched = fetch_days(accounts=accounts, first=YESTERDAY, last=YESTERDAY, now=NOW)
    assert (fetched.days, fetched.failures) == (2, [])
    unreadable = dict(CallDay.objects.values_list("account__number", "unreadable"))
    assert unreadable == {"C-301": 1, WHOLESALE: 0}
    prove_days(switch=switch, accounts=accounts, first=YESTERDAY, last=YESTERDAY, now=NOW)
    states = dict(CallDay.objects.values_list("account__number", "state"))
    assert states == {"C-301": DayState.DIFFERS, WHOLESALE: DayState.PROVEN}
    aside = UnreadableRecord.objects.get()
    fault = Because(RecordFault.OTHER_SIZE_OF_CODE)
    assert (aside.account.number, aside.day, aside.reason) == ("C-301", YESTERDAY, fault)
    assert f'"start": {start}' in aside.excerpt


def test_what_was_set_aside_is_forgotten_when_it_can_be_read(switch: Switch, simulator: SimulatorProcess) -> None:
    account = known(switch, "C-301")
    start = millis(NOON)
    flow_no = simulator.control.add_call("C-301", "8613900000000", start=start, fields=UNREADABLE)
    fetch(account)
    first = UnreadableRecord.objects.get().pk
    fetch(account)
    assert UnreadableRecord.objects.get().pk == first, "the same again is not written"
    simulator.control.edit_call(flow_no, fields={"endReason": 16})
    fetch(account)
    assert not UnreadableRecord.objects.exists()
    assert prove(account).state == DayState.PROVEN


def test_fees_of_more_than_six_places_do_not_keep_a_day_from_being_proven(
    switch: Switch, simulator: SimulatorProcess
) -> None:
    account = known(switch, "C-301")
    for _ in range(9):
        simulator.control.add_call("C-301", "8612345", start=millis(NOON), fee=Decimal("0.0000014"))
    row = fetch(account)
    assert row.rounded == 9
    row = prove(account)
    assert (row.state, row.reported_fee) == (DayState.PROVEN, row.fee + Decimal("0.000004"))
    assert fetch(account).state == DayState.PROVEN
    # Rounding makes a difference of one millionth for each of them at most.
    CallDay.objects.update(state=DayState.FETCHED, rounded=3)
    assert prove_once(account) == DayState.DIFFERS


def prove_once(account: Account) -> str:
    """Compare the account's days once, without fetching again what differs; the state that the day then has."""
    proving._compare(account.switch, list(CallDay.objects.filter(account=account)), NOW, proving.Proven())
    return CallDay.objects.get(account=account).state


def test_a_record_that_is_gone_is_kept_as_it_was_last_seen(switch: Switch, simulator: SimulatorProcess) -> None:
    account = known(switch)
    fetch(account)
    free = Call.objects.filter(account=account, fee=0)[0]
    simulator.control.remove_call(free.flow_no)
    fetch(account)
    change = CallChange.objects.get(account=account)
    assert (change.flow_no, change.kind, change.callee, change.ended_at) == (
        *(free.flow_no, ChangeOfRecord.GONE),
        *(free.callee, free.ended_at),
    )


def test_a_record_that_comes_late_is_noted_and_new_calls_of_today_are_not(
    switch: Switch, simulator: SimulatorProcess
) -> None:
    account = known(switch, "C-301")
    fetch(account)
    late = simulator.control.add_call("C-301", "8613900000000", start=millis(NOON), seconds=30, fee=Decimal("0.3"))
    now = NOW + timedelta(minutes=30)
    in_time = NOW + timedelta(minutes=10)
    fetch(account, day=in_time.date())
    simulator.control.add_call("C-301", "8613900000000", start=millis(in_time), seconds=30, fee=Decimal("0.3"))
    fetch(account, now=now)
    fetch(account, day=in_time.date(), now=now)
    change = CallChange.objects.get()
    assert (change.flow_no, change.kind, change.fee) == (late, ChangeOfRecord.LATE, Decimal("0.3"))


def test_a_record_that_is_edited_is_noted_as_it_was(switch: Switch, simulator: SimulatorProcess) -> None:
    account = known(switch)
    fetch(account)
    call = Call.objects.filter(account=account, talk_seconds__gt=0)[0]
    simulator.control.edit_call(call.flow_no, fields={"calleeE164": "8613999999999"})
    fetch(account)
    change = CallChange.objects.get()
    assert (change.kind, change.callee, change.fee) == (ChangeOfRecord.EDITED, call.callee, Decimal(0))
    fetch(account)
    assert CallChange.objects.count() == 1


@pytest.mark.django_db
def test_a_call_that_both_of_its_days_report_is_one_row_and_both_days_are_proven() -> None:
    midnight = datetime(YESTERDAY.year, YESTERDAY.month, YESTERDAY.day, tzinfo=UTC)
    before = YESTERDAY - timedelta(days=1)
    with SimulatorProcess("--quiet-world", "--day-rule", "both") as both:
        account = known(SwitchFactory.create(url=both.url))
        flow_no = both.control.add_call(
            WHOLESALE, "8613900000000", start=millis(midnight - timedelta(seconds=20)), seconds=60, fee=Decimal("0.3")
        )
        for first, second in ((before, YESTERDAY), (YESTERDAY, before)):
            for day in (first, second, first):
                fetch(account, day)
            assert Call.objects.get(flow_no=flow_no).day == before
            assert {prove(account, day).state for day in (before, YESTERDAY)} == {DayState.PROVEN}
            assert CallDay.objects.get(day=YESTERDAY).elsewhere_calls == 1
            assert CallDay.objects.get(day=before).elsewhere_calls == 0
        assert not CallChange.objects.exists()
        both.control.remove_call(flow_no)
        fetch(account, before)
        assert Call.objects.get(flow_no=flow_no).day == YESTERDAY, "which still reports it, as far as is known"
        fetch(account, YESTERDAY)
        assert not Call.objects.filter(flow_no=flow_no).exists()
        assert {prove(account, day).state for day in (before, YESTERDAY)} == {DayState.PROVEN}


@pytest.mark.django_db
def test_a_day_that_reported_but_another_days_call_forgets_it_when_it_no_longer_does() -> None:
    quiet = TODAY - timedelta(days=100)
    before, midnight = quiet - timedelta(days=1), datetime(quiet.year, quiet.month, quiet.day, tzinfo=UTC)
    with SimulatorProcess("--quiet-world", "--day-rule", "both") as both:
        account = known(SwitchFactory.create(url=both.url, call_days_kept=400), "C-301")
        start = millis(midnight - timedelta(seconds=20))
        flow_no = both.control.add_call(account.number, "8613900000000", start=start, seconds=60)
        fetch(account, before)
        day = fetch(account, quiet)
        assert (day.calls, day.elsewhere_calls) == (0, 1)
        both.control.remove_call(flow_no)
        assert fetch(account, quiet).elsewhere_calls == 0
        assert prove(account, quiet).state == DayState.PROVEN
        fetch(account, before)
        assert not Call.objects.filter(flow_no=flow_no).exists()
        assert [change.kind for change in CallChange.objects.all()] == [ChangeOfRecord.GONE]


@pytest.mark.django_db
def test_the_database_keeps_calls_to_accounts_of_their_switch() -> None:
    partitions.ensure([NOON.date()])
    call = CallFactory.create(started_at=NOON)
    with pytest.raises(IntegrityError, match="an account of its switch"), transaction.atomic():
        CallFactory.create(started_at=NOON, switch=SwitchFactory.create())
    with pytest.raises(IntegrityError, match="an account of its switch"), transaction.atomic():
        Call.objects.filter(pk=call.pk).update(account=2**40)
    with pytest.raises(IntegrityError, match="that has calls stays"), transaction.atomic():
        Account.objects.filter(pk=call.account_id).update(switch=SwitchFactory.create())
    with pytest.raises(IntegrityError, match="that has calls stays"), connection.cursor() as cursor:
        cursor.execute("DELETE FROM accounts_account WHERE id = %s", [call.account_id])


def test_nothing_of_the_switchs_own_routing_is_kept() -> None:
    """Gateways, addresses and product ids are not even read from the answer."""
    columns = {field.name for model in (Call, CallChange, UnreadableRecord) for field in model._meta.get_fields()}
    read = set(Cdr.__struct_fields__)
    assert not {name for name in columns | read if re.search("gateway|ip$|_ip|product|address", name)}


def test_a_call_of_another_time_opens_no_partition(switch: Switch, simulator: SimulatorProcess) -> None:
    account = known(switch, "C-301")
    stage = staging.Stage(YESTERDAY, {"C-301": account.pk})
    stage.add(Cdr(flow_no=1, account="C-301", start=0, stop=1000, fee=Decimal(0)))
    stage.add(Cdr(flow_no=2, account="nobody", start=millis(NOON), stop=millis(NOON), fee=Decimal(0)))
    assert (stage.records, stage.unreadable.count, stage.months) == (0, 1, set())
