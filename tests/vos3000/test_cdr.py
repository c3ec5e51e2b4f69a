"""Call records are read while they arrive."""

from __future__ import annotations

import contextlib
import json
import resource
import socket
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.vos3000 import Malformed, Refused, TimedOut, UnreadableRecord
from billing.vos3000.cdr import read_records
from billing.vos3000.operations.calls import CallLevel, Cdr, EndDirection, get_cdr
from billing.vos3000.operations.customers import get_all_customers
from billing.vos3000.text import MendedStream
from tests.support.call_records import ROW, records_in
from tests.support.rawserver import RawServer, reply
from tests.support.switch_clients import CountingAdmission, MakeClient

DAY = date(2026, 11, 23)


def answer(*rows: object, key: str = "infoCdrs", code: int = 0) -> str:
    return json.dumps({"retCode": code, key: list(rows)})


def read(client_url: str, make_client: MakeClient) -> list[Cdr | UnreadableRecord]:
    return list(get_cdr(make_client(client_url), accounts=["A"], first=DAY, last=DAY))


def test_a_record_without_the_operators_routing(make_client: MakeClient) -> None:
    with RawServer(reply(answer(ROW))) as server:
        (record,) = read(server.url, make_client)
    assert server.received[0].body == {"accounts": ["A"], "beginTime": "20261123", "endTime": "20261123"}
    assert isinstance(record, Cdr)
    assert (record.flow_no, record.caller, record.callee) == (71, "441", "8613")
    assert (record.hold_time, record.fee_time, record.fee) == (7, 60, Decimal("0.0125"))
    assert (record.call_level, record.end_direction) == (CallLevel.INTERNATIONAL, EndDirection.CALLEE)
    assert record.started_at == datetime(2015, 4, 18, 2, 37, 33, 274000, tzinfo=UTC)
    assert "SECRET" not in repr(record)


@pytest.mark.parametrize("text", ['{"retCode":0}', '{"retCode":0,"infoCdrs":[]}', '{"infoCdrs":null,"retCode":"0"}'])
def test_no_records(make_client: MakeClient, text: str) -> None:
    with RawServer(reply(text)) as server:
        assert read(server.url, make_client) == []


def test_either_case_of_the_key_and_a_code_that_comes_last() -> None:
    text = json.dumps({"other": {"infoCdrs": [1]}, "InfoCdrs": [ROW, ROW], "retCode": 0})
    assert len(records_in(text)) == 2


def test_a_record_that_cannot_be_read_does_not_stop_the_others() -> None:
    broken = [
        {**ROW, "fee": "much", "password": "geheim"},
        {**ROW, "start": "soon"},
        {**ROW, "fee": "NaN"},
        {**ROW, "start": 10**18},
        17,
        [ROW],
        {**ROW, "account": {"x": [1, {"y": 2}]}},
    ]
    records = records_in(answer(ROW, *broken, ROW))
    assert [type(record) for record in records] == [Cdr, *[UnreadableRecord] * len(broken), Cdr]
    assert not any(secret in repr(records) for secret in ("geheim", "GW-SECRET", "10.0.0.9"))
    assert isinstance(records[1], UnreadableRecord)
    assert '"flowNo": 71' in records[1].excerpt
    assert "fee" in records[1].reason


def test_text_that_is_not_utf_8_spoils_its_record_alone() -> None:
    text = answer(ROW, {**ROW, "callerE164": "MARK"}, ROW).encode().replace(b"MARK", b"\xc4\xe3")
    assert [type(record) for record in records_in(text)] == [Cdr, UnreadableRecord, Cdr]


def test_odd_escapes_are_replaced() -> None:
    text = answer({**ROW, "callerE164": "MARK"}).replace("MARK", r"a\u0000\ud800\udc00\udc00\ud800\\u0000\ud83d\u0041")
    for size in range(1, 60):
        (record,) = records_in(text, size)
        assert isinstance(record, Cdr)
        assert record.caller == "a\ufffd\U00010000\ufffd\ufffd\\u0000\ufffdA"


@pytest.mark.parametrize("whole", [True, False])
def test_a_cut_stream_fails_at_its_end(make_client: MakeClient, whole: bool) -> None:
    text = answer(ROW, ROW)
    cut = text[: text.rindex("holdTime")]
    admission = CountingAdmission()
    with RawServer(reply(cut, length=None if whole else len(text))) as server:
        records = get_cdr(make_client(server.url, admission), accounts=["A"], first=DAY, last=DAY)
        with pytest.raises(Malformed):
            list(records)
    assert admission.told == ["GetCdr", "unreadable"]


@pytest.mark.parametrize("text", ["", "<html>", "[]", "{}", '{"retCode":"x"}', '{"infoCdrs":[]}', '{"retCode":0}}'])
def test_what_is_no_answer_is_malformed(text: str) -> None:
    with pytest.raises(Malformed):
        records_in(text)


def test_a_refusal(make_client: MakeClient) -> None:
    with RawServer(reply('{"retCode":-9,"exception":"busy"}')) as server, pytest.raises(Refused) as raised:
        read(server.url, make_client)
    assert (raised.value.code, raised.value.text, raised.value.transient) == (-9, "busy", True)


def test_a_trickle_times_out(make_client: MakeClient) -> None:
    with RawServer() as server:
        server.replies.append(server.trickle(b'HTTP/1.1 200 OK\r\n\r\n{"infoCdrs":[', b" ", 0.02))
        client = make_client(server.url, cdr_read_timeout=0.5, cdr_total_timeout=0.3)
        with pytest.raises(TimedOut):
            list(get_cdr(client, accounts=["A"], first=DAY, last=DAY))


def test_leaving_early_is_no_failure_of_the_switch_and_other_reads_go_on(make_client: MakeClient) -> None:
    admission = CountingAdmission()
    with RawServer(reply(answer(ROW, ROW)), reply('{"retCode":0}')) as server:
        client = make_client(server.url, admission)
        records = get_cdr(client, accounts=["A"], first=DAY, last=DAY)
        next(records)
        assert get_all_customers(client) == []
        records.close()
    assert admission.told == ["GetCdr", "GetAllCustomers", "succeeded", "succeeded"]


def test_a_large_answer_takes_little_memory(make_client: MakeClient) -> None:
    count = 60_000
    row = json.dumps({**ROW, "calleeE164": "x" * 500}).encode()

    def send(connection: socket.socket) -> None:
        connection.sendall(b'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{"retCode":0,"infoCdrs":[' + row)
        for _ in range(count // 100 - 1):
            connection.sendall((b"," + row) * 100)
        connection.sendall((b"," + row) * 99 + b"]}")
        connection.close()

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with RawServer(send) as server:
        records = get_cdr(make_client(server.url), accounts=["A"], first=DAY, last=DAY)
        assert sum(1 for _ in records) == count
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 20_000, "kilobytes, for an answer of 50,000"


@pytest.mark.parametrize("endless", ["x", " ", "[", "7"])
def test_a_value_without_an_end_is_stopped(endless: str) -> None:
    sent = 0

    def pieces() -> Iterator[bytes]:
        nonlocal sent
        yield b'{"retCode":0,"infoCdrs":[{"account":' + (b'"' if endless == "x" else b"")
        while True:
            sent += 65536
            yield endless.encode() * 65536

    with pytest.raises(Malformed):
        list(read_records(pieces(), Cdr))
    assert sent < 2_000_000


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), max_size=5), st.integers(1, 40))
def test_any_text_survives_any_cut_into_pieces(texts: list[str], size: int) -> None:
    rows = [{**ROW, "calleeE164": text} for text in texts]
    for ascii_only in (True, False):
        raw = json.dumps({"retCode": 0, "infoCdrs": rows}, ensure_ascii=ascii_only)
        records = records_in(raw, size)
        wanted = [text.replace("\0", "\ufffd").replace("\ufdd0", "\ufffd") for text in texts]
        assert [record.callee for record in records if isinstance(record, Cdr)] == wanted


@given(st.binary(max_size=200), st.integers(1, 9))
def test_any_bytes_are_malformed_at_worst(raw: bytes, size: int) -> None:
    with contextlib.suppress(Malformed):
        records_in(b'{"retCode":0,"infoCdrs":[' + raw, size)


@given(st.text(st.sampled_from(["\\", "u", "d", "8", "0", "c", '"', "a"])), st.integers(1, 9))
def test_the_stream_mends_alike_however_it_is_cut(text: str, size: int) -> None:
    def whole(size: int) -> bytes:
        raw = text.encode()
        stream = MendedStream(raw[i : i + size] for i in range(0, len(raw), size))
        return b"".join(iter(stream.read, b""))

    assert whole(size) == whole(1000)


@pytest.mark.parametrize("rows", [[], [ROW]], ids=["none", "one"])
def test_not_found_means_no_records_but_not_behind_some(make_client: MakeClient, rows: list[object]) -> None:
    ends = f'{{"infoCdrs":{json.dumps(rows)},"retCode":-10007,"exception":"Not found, operation failed."}}'
    with RawServer(reply(ends)) as server, pytest.raises(Refused) if rows else contextlib.nullcontext():
        assert read(server.url, make_client) == []
