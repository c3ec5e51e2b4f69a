"""Wherever an answer to a payment breaks off, and whatever stands in its place, nothing is taken for sure."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing.vos3000 import Client, Endpoint, UnknownOutcome
from billing.vos3000.operations.payments import pay
from tests.support.rawserver import RawServer, Reply, http, reset, send_raw

DONE = '{"retCode":0,"infoPay":{"account":"A","money":112.5,"validTime":0,"payMoney":12.5}}'
REFUSED = '{"retCode":-10007,"exception":"Not found, operation failed."}'
WHOLE = st.sampled_from([http(DONE), http(REFUSED)])


@pytest.fixture(scope="module")
def server() -> Iterator[RawServer]:
    with RawServer() as server:
        yield server


def pay_in_vain(server: RawServer, end: Reply) -> None:
    server.replies.append(end)
    asked = len(server.received)
    endpoint = Endpoint(server.url, ZoneInfo("UTC"), read_timeout=2.0, total_timeout=4.0)
    with Client(endpoint) as client, pytest.raises(UnknownOutcome):
        pay(client, account="A", amount=Decimal("12.5"), memo="")
    assert len(server.received) == asked + 1


def then_reset(raw: bytes) -> Reply:
    def send(connection: socket.socket) -> None:
        connection.sendall(raw)
        reset(connection)

    return send


@settings(deadline=None, max_examples=150)
@given(WHOLE, st.data(), st.booleans())
def test_an_answer_cut_anywhere_is_unknown(server: RawServer, raw: bytes, data: st.DataObject, torn: bool) -> None:
    cut = raw[: data.draw(st.integers(0, len(raw) - 1))]
    pay_in_vain(server, then_reset(cut) if torn else send_raw(cut))


@settings(deadline=None, max_examples=50)
@given(st.binary(max_size=200))
def test_any_other_bytes_are_unknown(server: RawServer, raw: bytes) -> None:
    pay_in_vain(server, send_raw(raw))


@settings(deadline=None, max_examples=50)
@given(st.integers().filter(lambda code: code not in (0, -10007)))
def test_any_other_code_is_unknown(server: RawServer, code: int) -> None:
    pay_in_vain(server, send_raw(http(f'{{"retCode":{code}}}'.encode())))


@settings(deadline=None, max_examples=50)
@given(st.decimals(allow_nan=False, allow_infinity=False, places=6).filter(lambda amount: amount != Decimal("12.5")))
def test_any_other_amount_is_unknown(server: RawServer, amount: Decimal) -> None:
    pay_in_vain(server, send_raw(http(DONE.replace("12.5}", f"{amount}}}"))))
