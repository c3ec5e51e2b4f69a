"""A payment is done, surely not done, or unknown: never guessed. Payments and charges of the past are read exactly."""

from __future__ import annotations

import socket
import threading
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from billing.vos3000 import Client, Refused, UnknownOutcome, Unreachable, Withheld
from billing.vos3000.operations.payments import ChargeKind, PayKind, PayMethod, get_consumption, get_pay_history, pay
from tests.support.rawserver import RawServer, Reply, http, reply, reset
from tests.support.switch_answers import DONE, NOT_FOUND, UNKNOWN_ENDS
from tests.support.switch_clients import CountingAdmission, MakeClient
from tests.support.waiting import eventually

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def top_up(client: Client, amount: str = "12.5") -> object:
    return pay(client, account="A-1", amount=Decimal(amount), memo="top-up é漢")


def test_a_payment_that_the_switch_confirms_is_done(make_client: MakeClient) -> None:
    with RawServer(reply(DONE)) as server:
        paid = pay(make_client(server.url), account="A-1", amount=Decimal("12.50"), memo="top-up é漢")
    assert (paid.account, paid.amount, paid.balance_after) == ("A-1", Decimal("12.5"), Decimal("112.5"))
    (request,) = server.received
    assert request.line == "POST /external/server/Pay HTTP/1.1"
    assert request.headers["content-type"] == "text/html;charset=UTF-8"
    assert request.headers["connection"] == "close"
    assert request.body == {"ownerName": "A-1", "ownerType": 2, "money": 12.5, "memo": "top-up é漢"}
    assert "top-up é漢".encode() in request.text
    assert b'"money":12.50' in request.text


@pytest.mark.parametrize("end", UNKNOWN_ENDS.values(), ids=UNKNOWN_ENDS.keys())
def test_every_other_end_is_unknown_and_the_payment_was_sent_once(make_client: MakeClient, end: Reply) -> None:
    with RawServer(end, reply(DONE), reply(DONE)) as server:
        with pytest.raises(UnknownOutcome) as raised:
            top_up(make_client(server.url))
        assert len(server.received) == 1
    assert not raised.value.transient


def test_silence_is_unknown(make_client: MakeClient) -> None:
    with RawServer() as server:
        server.replies.append(server.silence)
        with pytest.raises(UnknownOutcome, match="no answer in time"):
            top_up(make_client(server.url))


@pytest.mark.parametrize("begun", [b"", b"HTTP/1.1 200 OK\r\nContent-Le", http(DONE, length=9999)])
def test_a_slow_trickle_ends_and_is_unknown(make_client: MakeClient, begun: bytes) -> None:
    with RawServer() as server:
        server.replies.append(server.trickle(begun, b" ", 0.05))
        with pytest.raises(UnknownOutcome):
            top_up(make_client(server.url))


def test_a_listed_code_is_a_sure_refusal(make_client: MakeClient) -> None:
    with RawServer(reply(NOT_FOUND)) as server, pytest.raises(Refused) as raised:
        top_up(make_client(server.url))
    assert (raised.value.code, raised.value.text) == (-10007, "Not found, operation failed.")


def test_which_codes_are_sure_is_a_setting(make_client: MakeClient) -> None:
    other = '{"retCode":-10015}'
    with RawServer(reply(NOT_FOUND), reply(other)) as server:
        client = make_client(server.url, sure_refusals=frozenset({-10015}))
        with pytest.raises(UnknownOutcome) as unknown:
            top_up(client)
        with pytest.raises(Refused):
            top_up(client)
    assert unknown.value.code == -10007


def test_a_payment_that_may_not_leave_any_more_is_held_back_when_the_connection_stands(make_client: MakeClient) -> None:
    was_connected: list[bool] = []
    with RawServer(reply(DONE)) as server:
        client = make_client(server.url)

        def is_too_late() -> bool:
            was_connected.append(eventually(lambda: server.connections == 1, seconds=5))
            return False

        with client.writing_only_if(is_too_late), pytest.raises(Unreachable) as raised:
            top_up(client)
        assert (was_connected, server.received) == ([True], [])
        assert "may not leave" in raised.value.reason
        top_up(client)
        assert len(server.received) == 1


def test_reads_are_not_asked_whether_they_may_leave(make_client: MakeClient) -> None:
    with RawServer(reply(NOT_FOUND)) as server:
        client = make_client(server.url)
        with client.writing_only_if(lambda: False):
            assert get_pay_history(client, account="A-1", begin=NOON, end=NOON) == []


def test_a_request_leaves_in_one_piece(make_client: MakeClient) -> None:
    with RawServer(reply(DONE)) as server:
        top_up(make_client(server.url))
    assert [request.pieces for request in server.received] == [1]


def test_a_refused_connection_is_surely_not_done(make_client: MakeClient) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(Unreachable) as raised:
        top_up(make_client(f"http://127.0.0.1:{port}"))
    assert raised.value.transient


def test_an_unknown_name_is_surely_not_done(make_client: MakeClient) -> None:
    with pytest.raises(Unreachable):
        top_up(make_client("http://switch.invalid:8080"))


def test_a_connection_that_is_never_taken_is_surely_not_done(make_client: MakeClient) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        address = listener.getsockname()
        waiting = [socket.socket() for _ in range(4)]
        for connection in waiting:
            connection.setblocking(False)
            connection.connect_ex(address)
        with pytest.raises(Unreachable):
            top_up(make_client(f"http://127.0.0.1:{address[1]}", connect_timeout=0.3))
        for connection in waiting:
            connection.close()


def test_a_failed_handshake_is_surely_not_done(make_client: MakeClient) -> None:
    with RawServer(reply(DONE)) as server, pytest.raises(Unreachable):
        top_up(make_client(server.url.replace("http:", "https:")))


def test_a_shut_gate_withholds_the_payment(make_client: MakeClient) -> None:
    with RawServer(reply(DONE)) as server:
        with pytest.raises(Withheld):
            top_up(make_client(server.url, CountingAdmission(shut=True)))
        assert not server.received


class BrokenGate(CountingAdmission):
    def succeeded(self, operation: str) -> None:
        raise ConnectionError

    def failed(self) -> None:
        raise ConnectionError


def test_a_gate_that_breaks_afterwards_does_not_hide_a_done_payment(make_client: MakeClient) -> None:
    with RawServer(reply(DONE)) as server:
        assert pay(make_client(server.url, BrokenGate()), account="A-1", amount=Decimal("12.5"), memo="")


class AbsentGate(CountingAdmission):
    def admit(self, operation: str) -> None:
        raise ConnectionError


def test_a_gate_that_cannot_be_asked_withholds_the_payment(make_client: MakeClient) -> None:
    with RawServer(reply(DONE)) as server:
        with pytest.raises(Withheld):
            top_up(make_client(server.url, AbsentGate()))
        assert not server.received


@pytest.mark.parametrize("amount", ["0", "-0.0", "NaN", "sNaN", "Infinity", "1E-20", "1E+20", "1.2345678901234567"])
def test_an_amount_that_cannot_be_paid_exactly_never_leaves(make_client: MakeClient, amount: str) -> None:
    with RawServer(reply(DONE)) as server:
        with pytest.raises(ValueError, match=r"amount|paid"):
            top_up(make_client(server.url), amount)
        assert not server.received


def test_a_lone_surrogate_in_the_memo_never_leaves(make_client: MakeClient) -> None:
    with RawServer(reply(DONE)) as server:
        with pytest.raises(ValueError, match="surrogates"):
            pay(make_client(server.url), account="A-1", amount=Decimal(1), memo="\ud800")
        assert not server.received


def test_a_deduction_is_a_negative_amount(make_client: MakeClient) -> None:
    with RawServer(reply(DONE.replace("12.5}", "-12.5}"))) as server:
        assert pay(make_client(server.url), account="A-1", amount=Decimal("-12.5"), memo="").amount == Decimal("-12.5")


def test_each_payment_has_a_connection_of_its_own(make_client: MakeClient) -> None:
    done = reply(DONE, keep=True)
    with RawServer(done, done, done) as server:
        client = make_client(server.url)
        for _ in range(3):
            top_up(client)
    assert [request.connection for request in server.received] == [0, 1, 2]


def test_fixed_fields_go_into_the_body_and_into_no_message(
    make_client: MakeClient, caplog: pytest.LogCaptureFixture
) -> None:
    with RawServer(reply("<html>")) as server:
        client = make_client(server.url, extra_body={"user": "web", "password": "geheim"})
        with caplog.at_level("DEBUG"), pytest.raises(UnknownOutcome) as raised:
            top_up(client)
    assert server.received[0].body["password"] == "geheim"
    assert "geheim" not in caplog.text + repr(raised.value) + repr(client.endpoint)


def test_what_leaves_before_the_switch_stops_listening_is_unknown(make_client: MakeClient) -> None:
    """The request is taken, then the whole server goes away."""
    with RawServer() as server:
        server.replies.append(reset)
        client = make_client(server.url)
        ends: list[Exception] = []

        def attempt() -> None:
            try:
                top_up(client)
            except (UnknownOutcome, Unreachable) as error:
                ends.append(error)

        thread = threading.Thread(target=attempt)
        thread.start()
        thread.join(5)
    assert [type(end) for end in ends] == [UnknownOutcome]


def test_payments_state_their_effect_on_the_balance(make_client: MakeClient) -> None:
    row = '{{"account":"A","fee":{},"type":{},"payType":0,"customerMoney":5.0,"payTime":1429324653274,"memo":"é"}}'
    stated = [("2.0", 0), ("-2.0", 1), ("2.0", 1), ("1.0", 2), ("3.0", 3), ("4.0", 9)]
    rows = ",".join(row.format(*pair) for pair in stated)
    with RawServer(reply(f'{{"retCode":0,"infoPayHistorys":[{rows}]}}')) as server:
        client = make_client(server.url, time_zone=ZoneInfo("Asia/Shanghai"))
        records = get_pay_history(client, account="A", begin=NOON, end=NOON.replace(microsecond=1))
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
        (charge,) = get_consumption(make_client(server.url), agent="R", begin=NOON, end=NOON)
    assert (charge.money, charge.balance_after, charge.kind) == (
        Decimal("9.9"),
        Decimal("1.1"),
        ChargeKind.PHONE_RENT,
    )
    assert server.received[0].body["agentAccount"] == "R"
