"""The operator's own routing: kept where the switch's setting says so, apart from the calls, and gone with them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext
from psycopg import sql

from accounts.models import Account, Switch
from billing.calls.models import Call, CallDay
from billing.calls.models.routing import ROUTING, CallRouting
from billing.calls.services import partitions
from billing.calls.services.fetching import fetch_days
from simulator.process import SimulatorProcess
from tests.support.factories import AccountFactory
from tests.support.rawserver import RawServer, reply
from tests.support.routing import ROUTING_MARKS

# A day of which the sample world has no calls of this account's.
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
BEGAN = datetime(2026, 6, 10, 12, tzinfo=UTC)
DAY = BEGAN.date()
CUSTOMER, CALLEE = "C-301", "8613977130009"
NAMES = (
    *("caller_access_e164", "caller_to_gateway_e164", "callee_access_e164", "callee_to_gateway_e164"),
    *("caller_gateway", "callee_gateway", "caller_ip", "callee_ip", "caller_product_id", "callee_product_id"),
)
KEPT = dict(zip(NAMES, ROUTING_MARKS.values(), strict=True))


@pytest.fixture
def account(switch: Switch) -> Account:
    account: Account = AccountFactory.create(switch=switch, number=CUSTOMER)
    return account


@pytest.fixture
def flow_no(account: Account, simulator: SimulatorProcess) -> int:
    return call(simulator, BEGAN, ROUTING_MARKS)


def call(simulator: SimulatorProcess, at: datetime, said: Mapping[str, object]) -> int:
    return simulator.control.add_call(CUSTOMER, CALLEE, start=millis(at), fee=Decimal("0.9"), fields=said)


def millis(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def keep(switch: Switch, on: bool = True) -> None:
    Switch.objects.filter(pk=switch.pk).update(keep_routing=on)


def fetch(account: Account, day: date = DAY) -> CallDay:
    fresh = Account.objects.select_related("switch").get(pk=account.pk)
    assert fetch_days(accounts=[fresh], first=day, last=day, now=NOW).failures == []
    return CallDay.objects.get(account=account, day=day)


def kept() -> dict[int, dict[str, str]]:
    return {row.pop("flow_no"): row for row in CallRouting.objects.values("flow_no", *ROUTING)}


def tables_with(text: str) -> set[str]:
    """The portal's tables that have a row which holds the text anywhere."""
    found = set()
    with connection.cursor() as cursor:
        for table in sorted({model._meta.db_table for model in apps.get_models(include_auto_created=True)}):
            query = sql.SQL("SELECT 1 FROM {} AS held WHERE strpos(held::text, %s) > 0 LIMIT 1")
            cursor.execute(query.format(sql.Identifier(table)), [text])
            if cursor.fetchone():
                found.add(table)
    return found


@pytest.mark.usefixtures("flow_no")
def test_nothing_of_it_is_stored_anywhere_unless_the_switch_says_so(account: Account) -> None:
    assert fetch(account).calls == 1
    assert tables_with(CALLEE) == {"calls_call"}
    assert {mark: tables_with(mark) for mark in ROUTING_MARKS.values()} == {
        mark: set() for mark in ROUTING_MARKS.values()
    }
    keep(account.switch)
    fetch(account)
    assert {table for mark in ROUTING_MARKS.values() for table in tables_with(mark)} == {"calls_callrouting"}


def test_the_routing_of_a_call_is_kept_when_the_switch_says_so(account: Account, flow_no: int) -> None:
    keep(account.switch)
    fetch(account)
    assert kept() == {flow_no: KEPT}
    row = CallRouting.objects.get()
    assert (row.switch_id, row.started_at) == (account.switch_id, BEGAN)


def test_what_did_not_change_is_not_written_again(account: Account, flow_no: int) -> None:
    keep(account.switch)
    fetch(account)
    before = written()
    fetch(account)
    assert written() == before


def written() -> list[Any]:
    """What changes when a row is written again: its number, and which version of it stands where."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT xmin::text, ctid::text FROM calls_callrouting")
        return list(cursor.fetchall())


def test_once_it_is_off_no_more_is_kept_and_what_is_kept_stays(
    account: Account, flow_no: int, simulator: SimulatorProcess
) -> None:
    keep(account.switch)
    fetch(account)
    keep(account.switch, on=False)
    call(simulator, BEGAN + timedelta(hours=1), ROUTING_MARKS)
    next_day = call(simulator, BEGAN + timedelta(days=1), ROUTING_MARKS)
    assert (fetch(account).calls, fetch(account, DAY + timedelta(days=1)).calls) == (2, 1)
    assert Call.objects.filter(flow_no=next_day).exists()
    assert kept() == {flow_no: KEPT}


@pytest.mark.usefixtures("flow_no")
def test_nothing_of_it_is_even_read_unless_the_switch_says_so(account: Account) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS pg_temp.staged_routing")
        for on in (False, True):
            keep(account.switch, on)
            fetch(account)
            cursor.execute("SELECT to_regclass('pg_temp.staged_routing') IS NOT NULL")
            assert cursor.fetchone() == (on,)


@pytest.mark.usefixtures("flow_no")
def test_what_was_being_fetched_when_it_was_turned_off_is_not_kept(account: Account) -> None:
    keep(account.switch)
    before = Account.objects.select_related("switch").get(pk=account.pk)
    keep(account.switch, on=False)
    assert fetch_days(accounts=[before], first=DAY, last=DAY, now=NOW).calls == 1
    assert kept() == {}


def edit(simulator: SimulatorProcess, flow_no: int) -> None:
    simulator.control.edit_call(flow_no, fields={"calleeGateway": "rt-other"})


def move(simulator: SimulatorProcess, flow_no: int) -> None:
    start = millis(BEGAN + timedelta(hours=2))
    simulator.control.edit_call(flow_no, fields={"start": start, "stop": start + 60_000})


def test_an_edited_record_has_the_routing_it_has_now(
    account: Account, flow_no: int, simulator: SimulatorProcess
) -> None:
    keep(account.switch)
    fetch(account)
    edit(simulator, flow_no)
    fetch(account)
    assert kept() == {flow_no: {**KEPT, "callee_gateway": "rt-other"}}


@pytest.mark.parametrize("on", [True, False])
def test_of_a_record_that_says_otherwise_nothing_is_told_that_no_longer_holds(
    account: Account, flow_no: int, simulator: SimulatorProcess, on: bool
) -> None:
    other = call(simulator, BEGAN + timedelta(minutes=5), ROUTING_MARKS)
    keep(account.switch)
    fetch(account)
    keep(account.switch, on)
    simulator.control.edit_call(flow_no, fields={"fee": 0.8, "calleeGateway": "rt-other"})
    fetch(account)
    assert Call.objects.get(flow_no=flow_no).fee == Decimal("0.8")
    assert kept() == ({flow_no: {**KEPT, "callee_gateway": "rt-other"}, other: KEPT} if on else {other: KEPT})


def test_it_goes_too_where_the_setting_is_turned_off_while_the_day_comes_in(
    account: Account, flow_no: int, simulator: SimulatorProcess
) -> None:
    keep(account.switch)
    fetch(account)
    before = Account.objects.select_related("switch").get(pk=account.pk)
    simulator.control.edit_call(flow_no, fields={"fee": 0.8})
    keep(account.switch, on=False)
    assert fetch_days(accounts=[before], first=DAY, last=DAY, now=NOW).calls == 1
    assert kept() == {}


def test_nothing_is_looked_for_where_nothing_says_otherwise(
    account: Account, flow_no: int, simulator: SimulatorProcess
) -> None:
    fetch(account)
    with CaptureQueriesContext(connection) as same:
        fetch(account)
    simulator.control.edit_call(flow_no, fields={"fee": 0.8})
    with CaptureQueriesContext(connection) as changed:
        fetch(account)
    assert not any("calls_callrouting" in query["sql"] for query in same)
    assert sum("calls_callrouting" in query["sql"] for query in changed) == 1


@pytest.mark.parametrize("on", [True, False])
def test_the_routing_of_a_record_that_moved_is_that_of_where_it_is_now(
    account: Account, flow_no: int, simulator: SimulatorProcess, on: bool
) -> None:
    keep(account.switch)
    fetch(account)
    keep(account.switch, on)
    move(simulator, flow_no)
    fetch(account)
    moved = [BEGAN + timedelta(hours=2)]
    assert list(Call.objects.values_list("started_at", flat=True)) == moved
    assert list(CallRouting.objects.values_list("started_at", flat=True)) == (moved if on else [])


@pytest.mark.parametrize("on", [True, False])
def test_the_routing_of_a_record_is_gone_with_it(
    account: Account, flow_no: int, simulator: SimulatorProcess, on: bool
) -> None:
    other = call(simulator, BEGAN + timedelta(minutes=5), ROUTING_MARKS)
    keep(account.switch)
    fetch(account)
    assert set(kept()) == {flow_no, other}
    simulator.control.remove_call(flow_no)
    keep(account.switch, on)
    fetch(account)
    assert set(kept()) == {other}


def test_a_day_that_cannot_be_read_to_its_end_leaves_the_routing_as_it_was(
    account: Account, flow_no: int, simulator: SimulatorProcess
) -> None:
    keep(account.switch)
    fetch(account)
    edit(simulator, flow_no)
    simulator.control.add_fault("GetCdr", "cut_body")
    fresh = Account.objects.select_related("switch").get(pk=account.pk)
    assert len(fetch_days(accounts=[fresh], first=DAY, last=DAY, now=NOW).failures) == 1
    assert kept() == {flow_no: KEPT}


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("flow_no")
def test_it_is_dropped_with_the_calls_of_its_month(account: Account, simulator: SimulatorProcess) -> None:
    later = call(simulator, BEGAN + timedelta(days=30), ROUTING_MARKS)
    keep(account.switch)
    fetch(account)
    fetch(account, DAY + timedelta(days=30))
    assert len(kept()) == 2
    dropped = partitions.drop_before(begin=datetime(2026, 7, 1, tzinfo=UTC))
    assert date(2026, 6, 1) in dropped
    assert set(kept()) == {later}
    partitions.ensure([DAY])
    fetch(account)
    assert len(kept()) == 2


ODD = [
    b"7",
    b"1e999",
    b"true",
    b'["x"]',
    b'{"a":{"b":[]}}',
    b"[" * 2000 + b"]" * 2000,
    b'"' + b"x" * 201 + b'"',
    b'"\xc4\xe3"',
]


@pytest.mark.parametrize("value", ODD, ids=lambda value: repr(value[:8]))
@pytest.mark.parametrize("spacing", [(",", ":"), (", ", ": ")], ids=["plain", "spaced"])
def test_what_cannot_be_read_of_it_is_left_out_and_loses_no_call(
    account: Account, value: bytes, spacing: tuple[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    rows = [record(71, "ODD"), record(72, "gw-mark-71301"), record(73, None)]
    text = json.dumps({"retCode": 0, "infoCdrs": rows}, separators=spacing).encode()
    with RawServer(reply(text.replace(b'"ODD"', value))) as server:
        Switch.objects.filter(pk=account.switch_id).update(url=server.url, keep_routing=True)
        day = fetch(account)
    assert (day.calls, day.unreadable) == (3, 0)
    empty = {**KEPT, "caller_gateway": ""}
    assert kept() == {71: empty, 72: KEPT, 73: empty}
    assert "gw-mark" not in caplog.text


def record(flow_no: int, gateway: str | None) -> dict[str, object]:
    times = {"start": millis(BEGAN), "stop": millis(BEGAN) + 60_000}
    return {"flowNo": flow_no, "account": CUSTOMER, **times, "fee": 0.9, **ROUTING_MARKS, "callerGateway": gateway}


def test_the_operator_is_told_how_much_could_not_be_read(
    account: Account, simulator: SimulatorProcess, caplog: pytest.LogCaptureFixture
) -> None:
    call(simulator, BEGAN, {**ROUTING_MARKS, "callerGateway": "x" * 201})
    keep(account.switch)
    fetch(account)
    assert "demo, 2026-06-10: texts of routing that cannot be read: 1" in caplog.text


def test_text_that_the_database_cannot_hold_is_mended(account: Account) -> None:
    with RawServer(reply(json.dumps({"retCode": 0, "infoCdrs": [record(71, "a\0b\ud800")]}))) as server:
        Switch.objects.filter(pk=account.switch_id).update(url=server.url, keep_routing=True)
        fetch(account)
    assert kept()[71]["caller_gateway"] == "a\ufffdb\ufffd"


def test_of_a_record_that_one_answer_holds_twice_the_later_one_counts(account: Account) -> None:
    rows = [record(71, "gw-earlier"), record(71, "gw-later")]
    with RawServer(reply(json.dumps({"retCode": 0, "infoCdrs": rows}))) as server:
        Switch.objects.filter(pk=account.switch_id).update(url=server.url, keep_routing=True)
        assert fetch(account).calls == 1
    assert kept()[71]["caller_gateway"] == "gw-later"


def test_a_record_that_cannot_be_read_has_no_routing(account: Account) -> None:
    rows = [{**record(71, "gw-mark-71301"), "fee": "much"}, {**record(72, "gw-mark-71301"), "account": "other"}]
    with RawServer(reply(json.dumps({"retCode": 0, "infoCdrs": rows}))) as server:
        Switch.objects.filter(pk=account.switch_id).update(url=server.url, keep_routing=True)
        assert (fetch(account).calls, kept()) == (0, {})


def test_what_is_kept_is_named_as_on_the_wire() -> None:
    assert {name.replace("_", "") for name in ROUTING} == {name.lower() for name in ROUTING_MARKS}
