"""Reads: what is asked, what is understood, and what a broken answer is called."""

from __future__ import annotations

import contextlib
import socket
from datetime import UTC, date, datetime

import pytest

from billing.vos3000 import (
    Lost,
    Malformed,
    Refused,
    SwitchError,
    TimedOut,
    UnexpectedStatus,
    Unreachable,
    Withheld,
)
from billing.vos3000.operations.calls import CallLevel, get_cdr
from billing.vos3000.operations.customers import get_all_customers, get_customers
from billing.vos3000.operations.payments import get_consumption, get_pay_history
from billing.vos3000.operations.reports import get_report_customer_fee
from billing.vos3000.supported_operations import probe
from tests.support.rawserver import RawServer, Reply, hang_up, reply, reset, send_raw
from tests.support.switch_answers import NONE, sample
from tests.support.switch_clients import CountingAdmission, MakeClient

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def test_not_found_is_an_empty_list(make_client: MakeClient) -> None:
    with RawServer(*[sample("not_found")] * 5) as server:
        client = make_client(server.url)
        assert get_customers(client, accounts=["nobody"]) == []
        assert get_pay_history(client, account="nobody", begin=NOON, end=NOON) == []
        assert get_consumption(client, account="nobody", begin=NOON, end=NOON) == []
        assert get_report_customer_fee(client, accounts=["nobody"], first=NOON.date(), last=NOON.date()) == []
        assert list(get_cdr(client, accounts=["nobody"], first=NOON.date(), last=NOON.date())) == []


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
            get_customers(make_client(server.url), accounts=["A"]).whole("GetCustomer")
        assert len(server.received) == 1
    assert (raised.value.operation, raised.value.transient) == ("GetCustomer", transient)


def test_an_endless_answer_is_cut_short(make_client: MakeClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("billing.vos3000.transport.LARGEST_ANSWER", 100_000)
    with RawServer(reply(b" " * 200_000)) as server, pytest.raises(Malformed, match="too large"):
        get_all_customers(make_client(server.url))


def test_a_slow_trickle_times_out(make_client: MakeClient) -> None:
    with RawServer() as server:
        server.replies.append(server.trickle(b"HTTP/1.1 200 OK\r\n\r\n{", b" ", 0.05))
        with pytest.raises(TimedOut):
            get_all_customers(make_client(server.url))


def test_silence_on_a_kept_connection_is_not_asked_again(make_client: MakeClient) -> None:
    with RawServer(reply(NONE, keep=True)) as server:
        server.replies.extend([server.silence, reply(NONE)])
        client = make_client(server.url)
        get_all_customers(client)
        with pytest.raises(TimedOut):
            get_all_customers(client)
        assert len(server.received) == 2


def test_reads_share_a_connection(make_client: MakeClient) -> None:
    with RawServer(*[reply(NONE, keep=True)] * 3) as server:
        client = make_client(server.url)
        for _ in range(3):
            get_all_customers(client)
    assert [request.connection for request in server.received] == [0, 0, 0]


def test_a_read_is_asked_again_once_when_the_kept_connection_was_gone(make_client: MakeClient) -> None:
    with RawServer(reply(NONE, keep=True), hang_up, reply(NONE)) as server:
        client = make_client(server.url)
        assert get_all_customers(client) == get_all_customers(client) == []
    assert [request.connection for request in server.received] == [0, 0, 1]


def test_a_read_on_a_new_connection_is_not_asked_again(make_client: MakeClient) -> None:
    with RawServer(reply(NONE, keep=True), hang_up, hang_up, reply(NONE)) as server:
        client = make_client(server.url)
        get_all_customers(client)
        with pytest.raises(Lost):
            get_all_customers(client)
        assert len(server.received) == 3


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (reply(NONE), "succeeded"),
        (sample("not_found"), "succeeded"),
        (reply('{"retCode":-5}'), "succeeded"),
        (reply("", status="403 Forbidden"), "succeeded"),
        (reply("", status="502 Bad Gateway"), "failed"),
        (reply(""), "unreadable"),
        (hang_up, "failed"),
    ],
)
def test_the_gate_is_asked_and_told(make_client: MakeClient, answer: Reply, told: str) -> None:
    admission = CountingAdmission()
    with RawServer(answer) as server:
        client = make_client(server.url, admission)
        with contextlib.suppress(SwitchError):
            get_all_customers(client)
    assert admission.told == ["GetAllCustomers", told]


def test_a_shut_gate_sends_nothing(make_client: MakeClient) -> None:
    with RawServer(reply(NONE)) as server:
        client = make_client(server.url, CountingAdmission(shut=True))
        with pytest.raises(Withheld):
            get_all_customers(client)
        with pytest.raises(Withheld):
            next(get_cdr(client, accounts=["A"], first=NOON.date(), last=NOON.date()))
        assert not server.received


def test_a_switch_may_have_an_ipv6_address(make_client: MakeClient) -> None:
    if not socket.has_dualstack_ipv6():
        pytest.skip("this machine has no IPv6")
    with RawServer(reply(NONE), host="::1") as server:
        assert get_all_customers(make_client(server.url)) == []
    assert server.received[0].headers["host"] == server.url.removeprefix("http://")


def test_a_switch_that_is_down_is_unreachable(make_client: MakeClient) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(Unreachable):
        get_all_customers(make_client(f"http://127.0.0.1:{port}"))


def test_the_environment_names_no_proxy(make_client: MakeClient, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with RawServer(reply(NONE)) as server:
        assert get_all_customers(make_client(server.url)) == []


@pytest.mark.parametrize("ending", ["", "/", "/external/server", "/external/server/"])
def test_addresses_with_a_suffix(make_client: MakeClient, ending: str) -> None:
    with RawServer(reply(NONE)) as server:
        get_all_customers(make_client(server.url + ending, suffix=".jsp"))
    assert server.received[0].line.split()[1] == "/external/server/GetAllCustomers.jsp"


@pytest.mark.parametrize("url", ["ftp://h", "h:80", "http://", "http://u:p@h", "http://h:x", "http://h/?a", "file:///"])
def test_an_address_that_cannot_be_asked_is_refused_at_once(make_client: MakeClient, url: str) -> None:
    with pytest.raises(ValueError, match="address"):
        make_client(url)


def test_queries_about_no_account_are_mistakes(make_client: MakeClient) -> None:
    client = make_client("http://127.0.0.1:1")
    today = NOON.date()
    for mistake in (
        lambda: get_customers(client),
        lambda: get_pay_history(client, begin=NOON, end=NOON),
        lambda: get_pay_history(client, account="A", begin=NOON, end=datetime(2020, 1, 1, tzinfo=UTC)),
        lambda: get_cdr(client, accounts=[], first=today, last=today),
        lambda: get_cdr(client, accounts=["A"], first=today, last=date(2020, 1, 1)),
    ):
        with pytest.raises(ValueError, match=r"Say|range"):
            mistake()


def test_unknown_codes_keep_their_number() -> None:
    assert (CallLevel(3).value, CallLevel(3).known, CallLevel(4).known) == (3, False, True)


def test_probe_names_what_answers_and_never_pays(make_client: MakeClient) -> None:
    with RawServer(reply(NONE), reply("", status="404 Not Found"), sample("not_found")) as server:
        client = make_client(server.url)
        assert probe(client, ["GetCustomer", "GetConsumption", "Pay", "GetCdr"]) == ["GetCustomer", "GetCdr"]
        assert len(server.received) == 3
