"""The client against the simulated switch in a process of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TypedDict
from zoneinfo import ZoneInfo

import pytest

from billing.vos3000 import Client, Malformed, Refused, SwitchError, UnexpectedStatus, UnknownOutcome, Unreachable
from billing.vos3000.operations.calls import CallLevel, Cdr, get_cdr
from billing.vos3000.operations.customers import Category, get_all_customers, get_customers
from billing.vos3000.operations.payments import PayKind, get_consumption, get_pay_history, pay
from billing.vos3000.operations.reports import get_report_customer_fee
from billing.vos3000.supported_operations import PROBES, probe
from simulator.control import Control
from simulator.faults import Kind
from simulator.process import SimulatorProcess
from tests.support.switch_clients import MakeClient

ZONE = ZoneInfo("Asia/Shanghai")
AGENT, CHILD, BUSY = "R-100", "A-20417", "W-900"


@pytest.fixture(scope="module")
def process() -> Iterator[SimulatorProcess]:
    with SimulatorProcess("--quiet-world", "--seed", "7", "--timezone", ZONE.key) as process:
        yield process


@pytest.fixture
def control(process: SimulatorProcess) -> Iterator[Control]:
    process.control.reset()
    yield process.control
    process.control.clear_faults()


@pytest.fixture
def client(process: SimulatorProcess, control: Control, make_client: MakeClient) -> Client:
    return make_client(process.url, time_zone=ZONE, read_timeout=5.0, total_timeout=10.0)


class Range(TypedDict):
    begin: datetime
    end: datetime


class Days(TypedDict):
    first: date
    last: date


def whole_history() -> Range:
    now = datetime.now(UTC)
    return Range(begin=now - timedelta(days=90), end=now + timedelta(minutes=1))


def test_profiles_and_balances_agree_with_the_ledger(client: Client, control: Control) -> None:
    (child,) = get_customers(client, accounts=[CHILD])
    (agent,) = get_customers(client, accounts=[AGENT])
    assert (child.name, child.agent_account) == ("Zoë Chen", AGENT)
    assert (child.category, agent.category) == (Category.CUSTOMER, Category.AGENT)
    assert child.money == control.account(CHILD).money
    briefs = {brief.account: brief.money for brief in get_all_customers(client)}
    assert briefs[CHILD] == child.money
    assert briefs[AGENT] == agent.money


def test_the_children_of_agents(client: Client) -> None:
    everyone = {customer.account for customer in get_customers(client, agent="R-200")}
    direct = {customer.account for customer in get_customers(client, agent="R-200", direct_children_only=True)}
    assert direct < everyone


def test_unknown_accounts_are_missing(client: Client) -> None:
    assert get_customers(client, accounts=["nobody"]) == []
    assert [row.account for row in get_customers(client, accounts=[CHILD])] == [CHILD]


@pytest.mark.parametrize("amount", ["12.345678", "-0.000001", "99999999.99"])
def test_a_payment_is_in_the_history_with_its_memo(client: Client, control: Control, amount: str) -> None:
    before = control.account(CHILD).money
    paid = pay(client, account=CHILD, amount=Decimal(amount), memo="top-up 漢 é 😀")
    assert paid.amount == Decimal(amount)
    assert paid.balance_after == before + Decimal(amount) == control.account(CHILD).money
    (record,) = [row for row in get_pay_history(client, account=CHILD, **whole_history()) if "漢" in row.memo]
    assert record.amount == Decimal(amount)
    assert record.memo == "top-up 漢 é 😀"
    assert record.kind is (PayKind.TOP_UP if Decimal(amount) > 0 else PayKind.DEDUCTION)
    assert record.balance_after == paid.balance_after


def test_paying_an_unknown_account_is_refused(client: Client) -> None:
    with pytest.raises(Refused):
        pay(client, account="nobody", amount=Decimal(1), memo="")


SURE = {Kind.LISTED_CODE: Refused}
DONE = {Kind.LATE, Kind.ODD_ROW, Kind.TRUNCATE_MEMO, Kind.CLOCK_SKEW}


@pytest.mark.parametrize("kind", Kind)
def test_no_fault_makes_a_payment_seem_surely_undone(client: Client, control: Control, kind: Kind) -> None:
    seconds = {Kind.CLOCK_SKEW: 900.0, Kind.APPLY_LATER: 600.0}.get(kind, 0.2)
    control.add_fault("Pay", kind, count=1, seconds=seconds)
    if kind in DONE or kind is Kind.SLOW_TRICKLE:
        assert pay(client, account=CHILD, amount=Decimal("1.5"), memo="x").amount == Decimal("1.5")
    else:
        with pytest.raises(SURE.get(kind, UnknownOutcome)):
            pay(client, account=CHILD, amount=Decimal("1.5"), memo="x")
    assert control.stats().requests["Pay"] == 1


def test_a_switch_that_is_away_is_unreachable_and_comes_back(client: Client, control: Control) -> None:
    get_all_customers(client)
    control.pause()
    try:
        with pytest.raises(Unreachable):
            pay(client, account=CHILD, amount=Decimal(1), memo="")
    finally:
        control.resume()
    assert pay(client, account=CHILD, amount=Decimal(1), memo="").amount == 1


def test_payments_and_charges_of_an_agents_children(client: Client) -> None:
    children = {customer.account for customer in get_customers(client, agent=AGENT)}
    assert {row.account for row in get_pay_history(client, agent=AGENT, **whole_history())} <= children
    assert get_pay_history(client, agent=AGENT, **whole_history())
    charges = [row for row in get_consumption(client, agent=AGENT, **whole_history()) if row.kind is not None]
    assert all(row.kind is not None and row.kind.known for row in charges)


def test_the_call_records_of_a_day_add_up_to_its_report(client: Client) -> None:
    yesterday = datetime.now(ZONE).date() - timedelta(days=1)
    days = Days(first=yesterday, last=yesterday)
    records = list(get_cdr(client, accounts=[BUSY, CHILD], **days))
    assert records
    for fee in get_report_customer_fee(client, accounts=[BUSY, CHILD], **days):
        calls = [record for record in records if isinstance(record, Cdr) and record.account == fee.account]
        assert fee.day(ZONE, first=yesterday, last=yesterday) == yesterday
        assert (len(calls), sum(call.fee for call in calls)) == (fee.cdr_count, fee.total_fee)
        abroad = [call for call in calls if call.call_level == CallLevel.INTERNATIONAL]
        assert len(abroad) == fee.international_count


def test_a_hundred_thousand_records_are_streamed(client: Client, control: Control) -> None:
    day = datetime.now(ZONE).date() - timedelta(days=3)
    control.flood("C-301", day.strftime("%Y%m%d"), 100_000)
    flow_numbers = {
        row.flow_no for row in get_cdr(client, accounts=["C-301"], first=day, last=day) if isinstance(row, Cdr)
    }
    assert len(flow_numbers) >= 100_000


@pytest.mark.parametrize("kind", [Kind.CUT_BODY, Kind.EMPTY_BEFORE, Kind.NON_UTF8])
def test_a_broken_stream_of_records_ends_in_an_error(client: Client, control: Control, kind: Kind) -> None:
    control.add_fault("GetCdr", kind)
    yesterday = datetime.now(ZONE).date() - timedelta(days=1)
    records = get_cdr(client, accounts=[BUSY], first=yesterday, last=yesterday)
    with pytest.raises(Malformed):
        list(records)


def test_random_faults_on_reads_raise_nothing_but_our_errors(client: Client, control: Control) -> None:
    for kind in Kind:
        if kind not in (Kind.LATE, Kind.LATE_CODE_AFTER, Kind.LATE_CODE_BEFORE, Kind.SLOW_TRICKLE):
            control.add_fault("*", kind, rate=0.05, seconds=0.01)
    today = datetime.now(ZONE).date()
    for _ in range(20):
        with suppress(SwitchError):
            get_customers(client, accounts=[CHILD])
        with suppress(SwitchError):
            get_pay_history(client, account=CHILD, **whole_history())
        with suppress(SwitchError):
            list(get_cdr(client, accounts=[CHILD], first=today, last=today))


def test_an_older_build_with_its_own_suffix_and_fields(make_client: MakeClient) -> None:
    options = ("--quiet-world", "--version", "2.1.4", "--suffix", ".jsp", "--deduction-sign", "1")
    with SimulatorProcess(*options, "--extra-field", "password=geheim") as process:
        client = make_client(process.url, suffix=".jsp", extra_body={"password": "geheim"}, read_timeout=5.0)
        (agent,) = get_customers(client, accounts=[AGENT])
        assert (agent.category, agent.is_agent) == (None, None)
        with pytest.raises(UnexpectedStatus) as raised:
            get_all_customers(client)
        assert raised.value.status == 404
        assert "GetAllCustomers" not in probe(client)
        pay(client, account=CHILD, amount=Decimal("-2.5"), memo="back")
        (record,) = [row for row in get_pay_history(client, account=CHILD, **whole_history()) if row.memo == "back"]
        assert record.amount == Decimal("-2.5")


def test_the_current_build_answers_every_probe(client: Client) -> None:
    assert probe(client) == list(PROBES)
