"""Reads: what is asked, what is understood, and what a broken answer is called."""

from __future__ import annotations

import contextlib
import socket
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from billing.vos3000 import (
    CallLevel,
    ChargeKind,
    CustomerType,
    ExpiryKind,
    LockType,
    Lost,
    Malformed,
    PayKind,
    PayMethod,
    Period,
    Refused,
    SwitchError,
    TimedOut,
    UnexpectedStatus,
    Unreachable,
    Withheld,
)
from tests.support.rawserver import RawServer, Reply, hang_up, reply, reset, send_raw
from tests.support.switch_clients import CountingGate, MakeClient

DATA = Path(__file__).parent / "data"
NONE = '{"retCode":0}'
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def sample(name: str) -> Reply:
    return reply((DATA / f"{name}.json").read_bytes())


def test_a_customer_of_an_older_build_is_read_without_the_newer_fields(make_client: MakeClient) -> None:
    with RawServer(sample("customer")) as server:
        (customer,) = make_client(server.url).get_customers(accounts=["10011"])
    assert server.received[0].body == {"accounts": ["10011"]}
    assert (customer.account, customer.money, customer.limit_money) == ("10011", Decimal("10.0"), Decimal("0.0"))
    assert (customer.fee_rate_group, customer.agent_account) == ("用户", "111")
    assert (customer.type, customer.lock_type) == (CustomerType.PHONE_CARD, LockType.OPEN)
    assert customer.expiry.instant == datetime(2015, 5, 18, 2, 37, 33, 274000, tzinfo=UTC)
    assert customer.started_at == datetime(2015, 4, 18, 2, 37, 33, 274000, tzinfo=UTC)
    assert (customer.canceled, customer.category, customer.is_agent, customer.bound_numbers) == (None,) * 4


def test_an_answer_of_another_operation_has_no_customers(make_client: MakeClient) -> None:
    with RawServer(sample("bound_numbers")) as server:
        assert make_client(server.url).get_customers(e164s=["8613800000001"]) == []
    assert server.received[0].body == {"e164s": ["8613800000001"]}


def test_not_found_is_an_empty_list(make_client: MakeClient) -> None:
    with RawServer(*[sample("not_found")] * 5) as server:
        client = make_client(server.url)
        assert client.get_customers(accounts=["nobody"]) == []
        assert client.get_pay_history(account="nobody", begin=NOON, end=NOON) == []
        assert client.get_consumption(account="nobody", begin=NOON, end=NOON) == []
        assert client.get_report_customer_fee(accounts=["nobody"], first=NOON.date(), last=NOON.date()) == []
        assert list(client.get_cdr(accounts=["nobody"], first=NOON.date(), last=NOON.date())) == []


@pytest.mark.parametrize(("direct", "mode"), [(False, 0), (True, 1)])
def test_the_children_of_an_agent(make_client: MakeClient, direct: bool, mode: int) -> None:
    with RawServer(reply(NONE)) as server:
        assert make_client(server.url).get_customers(agent="R-100", direct_children_only=direct) == []
    assert server.received[0].body == {"filterAgentAccount": {"filterAgentAccount": "R-100", "querySonMode": mode}}


def test_either_case_of_a_result_key_and_numbers_given_as_strings(make_client: MakeClient) -> None:
    answer = (
        '{"RetCode":5,"retCode":"0","InfoCustomers":[{"account":"A","money":"1.0E-4","limitMoney":"2147483647",'
        '"lockType":"7","validTime":"9223372036854775807","bindedE164s":["1","2"],"category":1,"canceled":false}]}'
    )
    with RawServer(reply(answer)) as server:
        (customer,) = make_client(server.url).get_customers(accounts=["A"])
    assert customer.money == Decimal("0.0001")
    assert customer.unlimited
    assert customer.expiry.kind is ExpiryKind.NEVER
    assert customer.lock_type == 7
    assert customer.is_locked
    assert customer.is_agent
    assert customer.bound_numbers == ("1", "2")


def test_expiry_zero_is_the_systems_default(make_client: MakeClient) -> None:
    answer = '{"retCode":0,"infoCustomers":[{"account":"A","money":-0.0,"limitMoney":5.5,"validTime":0}]}'
    with RawServer(reply(answer)) as server:
        (customer,) = make_client(server.url).get_customers(accounts=["A"])
    assert (customer.expiry.kind, customer.expiry.instant) == (ExpiryKind.SYSTEM_DEFAULT, None)
    assert customer.spendable == Decimal("5.5")


def test_all_customers_come_in_one_request(make_client: MakeClient) -> None:
    answer = '{"retCode":0,"infoCustomerBriefs":[{"account":"A","money":1.23456789E7,"limitMoney":0.0}]}'
    with RawServer(reply(answer)) as server:
        (brief,) = make_client(server.url).get_all_customers()
    assert (brief.account, brief.money) == ("A", Decimal("12345678.9"))
    assert server.received[0].body == {"type": 1}


def test_payments_state_their_effect_on_the_balance(make_client: MakeClient) -> None:
    row = '{{"account":"A","fee":{},"type":{},"payType":0,"customerMoney":5.0,"payTime":1429324653274,"memo":"é"}}'
    stated = [("2.0", 0), ("-2.0", 1), ("2.0", 1), ("1.0", 2), ("3.0", 3), ("4.0", 9)]
    rows = ",".join(row.format(*pair) for pair in stated)
    with RawServer(reply(f'{{"retCode":0,"infoPayHistorys":[{rows}]}}')) as server:
        client = make_client(server.url, time_zone=ZoneInfo("Asia/Shanghai"))
        records = client.get_pay_history(account="A", begin=NOON, end=NOON.replace(microsecond=1))
    assert [record.amount for record in records] == [2, -2, -2, 1, -3, 4]
    assert [record.kind for record in records][:2] == [PayKind.TOP_UP, PayKind.DEDUCTION]
    assert (records[5].kind, records[5].kind.known, records[0].kind.known) == (9, False, True)
    assert records[0].method is PayMethod.CASH
    assert (records[0].balance_after, records[0].memo) == (Decimal("5.0"), "é")
    assert records[0].paid_at == datetime(2015, 4, 18, 2, 37, 33, 274000, tzinfo=UTC)
    assert server.received[0].body == {"account": "A", "beginTime": "20261123200000", "endTime": "20261123200001"}


def test_charges(make_client: MakeClient) -> None:
    row = '{"account":"A","money":9.9,"customerMoney":1.1,"type":1,"consumptionName":3,"time":1429324653274}'
    with RawServer(reply(f'{{"retCode":0,"infoConsumptions":[{row}]}}')) as server:
        (charge,) = make_client(server.url).get_consumption(agent="R", begin=NOON, end=NOON)
    assert (charge.money, charge.balance_after, charge.kind) == (
        Decimal("9.9"),
        Decimal("1.1"),
        ChargeKind.PHONE_RENT,
    )
    assert server.received[0].body["agentAccount"] == "R"


def test_the_report_sums_an_accounts_day(make_client: MakeClient) -> None:
    row = (
        '{"account":"A","accountName":"A","beginTime":1763827200000,"endTime":1763913600000,"cdrCount":2,'
        '"totalFee":0.25,"totalTime":90,"internationalFee":0.25,"internationalCount":2,"internationalTime":90}'
    )
    with RawServer(reply(f'{{"retCode":0,"infoReportCustomerFees":[{row}]}}')) as server:
        days = {"first": date(2025, 11, 23), "last": date(2025, 11, 24)}
        (fee,) = make_client(server.url).get_report_customer_fee(accounts=["A"], **days, period=Period.MONTH)
    assert (fee.cdr_count, fee.total_fee, fee.total_time, fee.international_count) == (2, Decimal("0.25"), 90, 2)
    assert fee.first_day(ZoneInfo("Asia/Shanghai")) == date(2025, 11, 23)
    assert server.received[0].body == {
        "accounts": ["A"],
        "period": -2,
        "beginTime": "20251123",
        "endTime": "20251124",
    }


BROKEN: dict[str, tuple[Reply, type[SwitchError], bool]] = {
    "reset": (reset, Lost, True),
    "closed": (hang_up, Lost, True),
    "not HTTP": (send_raw(b"nonsense\r\n\r\n"), Lost, True),
    "empty": (reply(""), Malformed, True),
    "cut": (reply('{"retCode":0,"infoCust'), Malformed, True),
    "cut and known to be": (reply("{", length=99), Malformed, True),
    "HTML": (reply("<html>"), Malformed, True),
    "403": (reply("<html>", status="403 Forbidden"), UnexpectedStatus, False),
    "404": (reply("<html>", status="404 Not Found"), UnexpectedStatus, False),
    "500": (reply("<html>", status="500 Error"), UnexpectedStatus, True),
    "redirect": (reply("", status="302 Found", headers="Location: http://127.0.0.1:1/\r\n"), UnexpectedStatus, False),
    "not UTF-8": (reply(b'{"retCode":0,"exception":"\xff"}'), Malformed, True),
    "no code": (reply("{}"), Malformed, True),
    "unlisted code": (reply('{"retCode":-1,"exception":"\\ud800"}'), Refused, True),
    "rows that are none": (reply('{"retCode":0,"infoCustomers":{}}'), Malformed, True),
    "a code that is no int": (
        reply('{"retCode":0,"infoCustomers":[{"account":"A","money":1.0,"limitMoney":0.0,"type":2147483648}]}'),
        Malformed,
        True,
    ),
    "a row without a balance": (reply('{"retCode":0,"infoCustomers":[{"account":"A"}]}'), Malformed, True),
    "a balance that is none": (
        reply('{"retCode":0,"infoCustomers":[{"account":"A","money":"Infinity","limitMoney":0}]}'),
        Malformed,
        True,
    ),
}


@pytest.mark.parametrize(("answer", "error", "transient"), BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_answer_is_called_what_it_is(
    make_client: MakeClient, answer: Reply, error: type[SwitchError], transient: bool
) -> None:
    with RawServer(answer) as server:
        with pytest.raises(error) as raised:
            make_client(server.url).get_customers(accounts=["A"])
        assert len(server.received) == 1
    assert (raised.value.operation, raised.value.transient) == ("GetCustomer", transient)


def test_an_endless_answer_is_cut_short(make_client: MakeClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("billing.vos3000.transport.LARGEST_ANSWER", 100_000)
    with RawServer(reply(b" " * 200_000)) as server, pytest.raises(Malformed, match="too large"):
        make_client(server.url).get_all_customers()


def test_a_slow_trickle_times_out(make_client: MakeClient) -> None:
    with RawServer() as server:
        server.replies.append(server.trickle(b"HTTP/1.1 200 OK\r\n\r\n{", b" ", 0.05))
        with pytest.raises(TimedOut):
            make_client(server.url).get_all_customers()


def test_silence_on_a_kept_connection_is_not_asked_again(make_client: MakeClient) -> None:
    with RawServer(reply(NONE, keep=True)) as server:
        server.replies.extend([server.silence, reply(NONE)])
        client = make_client(server.url)
        client.get_all_customers()
        with pytest.raises(TimedOut):
            client.get_all_customers()
        assert len(server.received) == 2


def test_reads_share_a_connection(make_client: MakeClient) -> None:
    with RawServer(*[reply(NONE, keep=True)] * 3) as server:
        client = make_client(server.url)
        for _ in range(3):
            client.get_all_customers()
    assert [request.connection for request in server.received] == [0, 0, 0]


def test_a_read_is_asked_again_once_when_the_kept_connection_was_gone(make_client: MakeClient) -> None:
    with RawServer(reply(NONE, keep=True), hang_up, reply(NONE)) as server:
        client = make_client(server.url)
        assert client.get_all_customers() == client.get_all_customers() == []
    assert [request.connection for request in server.received] == [0, 0, 1]


def test_a_read_on_a_new_connection_is_not_asked_again(make_client: MakeClient) -> None:
    with RawServer(reply(NONE, keep=True), hang_up, hang_up, reply(NONE)) as server:
        client = make_client(server.url)
        client.get_all_customers()
        with pytest.raises(Lost):
            client.get_all_customers()
        assert len(server.received) == 3


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (reply(NONE), "succeeded"),
        (sample("not_found"), "succeeded"),
        (reply('{"retCode":-5}'), "succeeded"),
        (reply("", status="403 Forbidden"), "succeeded"),
        (reply("", status="502 Bad Gateway"), "failed"),
        (reply(""), "garbled"),
        (hang_up, "failed"),
    ],
)
def test_the_gate_is_asked_and_told(make_client: MakeClient, answer: Reply, told: str) -> None:
    gate = CountingGate()
    with RawServer(answer) as server:
        client = make_client(server.url, gate)
        with contextlib.suppress(SwitchError):
            client.get_all_customers()
    assert gate.told == ["GetAllCustomers", told]


def test_a_shut_gate_sends_nothing(make_client: MakeClient) -> None:
    with RawServer(reply(NONE)) as server:
        client = make_client(server.url, CountingGate(shut=True))
        with pytest.raises(Withheld):
            client.get_all_customers()
        with pytest.raises(Withheld):
            next(client.get_cdr(accounts=["A"], first=NOON.date(), last=NOON.date()))
        assert not server.received


def test_a_switch_may_have_an_ipv6_address(make_client: MakeClient) -> None:
    if not socket.has_dualstack_ipv6():
        pytest.skip("this machine has no IPv6")
    with RawServer(reply(NONE), host="::1") as server:
        assert make_client(server.url).get_all_customers() == []
    assert server.received[0].headers["host"] == server.url.removeprefix("http://")


def test_a_switch_that_is_down_is_unreachable(make_client: MakeClient) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(Unreachable):
        make_client(f"http://127.0.0.1:{port}").get_all_customers()


def test_the_environment_names_no_proxy(make_client: MakeClient, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with RawServer(reply(NONE)) as server:
        assert make_client(server.url).get_all_customers() == []


@pytest.mark.parametrize("ending", ["", "/", "/external/server", "/external/server/"])
def test_addresses_with_a_suffix(make_client: MakeClient, ending: str) -> None:
    with RawServer(reply(NONE)) as server:
        make_client(server.url + ending, suffix=".jsp").get_all_customers()
    assert server.received[0].line.split()[1] == "/external/server/GetAllCustomers.jsp"


@pytest.mark.parametrize("url", ["ftp://h", "h:80", "http://", "http://u:p@h", "http://h:x", "http://h/?a", "file:///"])
def test_an_address_that_cannot_be_asked_is_refused_at_once(make_client: MakeClient, url: str) -> None:
    with pytest.raises(ValueError, match="address"):
        make_client(url)


def test_probe_names_what_answers_and_never_pays(make_client: MakeClient) -> None:
    with RawServer(reply(NONE), reply("", status="404 Not Found"), sample("not_found")) as server:
        client = make_client(server.url)
        assert client.probe(["GetCustomer", "GetConsumption", "Pay", "GetCdr"]) == ["GetCustomer", "GetCdr"]
        assert len(server.received) == 3


def test_queries_about_nobody_are_mistakes(make_client: MakeClient) -> None:
    client = make_client("http://127.0.0.1:1")
    today = NOON.date()
    for mistake in (
        client.get_customers,
        lambda: client.get_pay_history(begin=NOON, end=NOON),
        lambda: client.get_pay_history(account="A", begin=NOON, end=datetime(2020, 1, 1, tzinfo=UTC)),
        lambda: client.get_cdr(accounts=[], first=today, last=today),
        lambda: client.get_cdr(accounts=["A"], first=today, last=date(2020, 1, 1)),
    ):
        with pytest.raises(ValueError, match=r"Say|range"):
            mistake()


def test_unknown_codes_keep_their_number() -> None:
    assert (CallLevel(3).value, CallLevel(3).known, CallLevel(4).known) == (3, False, True)
