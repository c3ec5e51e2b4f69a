"""Voucher cards: paying one in ends as `pay` does, and a look at one changes nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from billing.vos3000 import Client, ExpiryKind, Malformed, Refused, UnknownOutcome
from billing.vos3000.operations.phone_cards import get_phone_card, pay_by_phone_card
from tests.support.rawserver import RawServer, Reply, reply
from tests.support.switch_answers import DONE, NOT_FOUND, UNKNOWN_ENDS
from tests.support.switch_clients import MakeClient

UNUSED = '{"retCode":0,"infoPhoneCard":{"money":1.25E1,"limitMoney":0.0,"expireTime":1795000000000}}'
USED = '{"retCode":0,"infoPhoneCard":{"money":12.5,"expireTime":0,"usedTime":1795000000000,"usedAccount":"A-2"}}'


def pay_in(client: Client) -> object:
    return pay_by_phone_card(client, account="A-1", pin="9001", password="77", amount=Decimal("12.5"), memo="TU-1")


def test_a_card_that_the_switch_confirms_is_paid_in(make_client: MakeClient) -> None:
    with RawServer(reply(DONE)) as server:
        pay_in(make_client(server.url))
    (request,) = server.received
    assert request.line == "POST /external/server/PayByPhoneCard HTTP/1.1"
    assert request.headers["connection"] == "close"
    assert request.body == {"ownerName": "A-1", "ownerType": 2, "pin": "9001", "password": "77", "memo": "TU-1"}


@pytest.mark.parametrize("end", UNKNOWN_ENDS.values(), ids=UNKNOWN_ENDS.keys())
def test_every_other_end_is_unknown_and_the_card_was_sent_once(make_client: MakeClient, end: Reply) -> None:
    with RawServer(end, reply(DONE), reply(DONE)) as server:
        with pytest.raises(UnknownOutcome) as raised:
            pay_in(make_client(server.url))
        assert len(server.received) == 1
    assert raised.value.operation == "PayByPhoneCard"
    assert "9001" not in str(raised.value)


def test_a_listed_code_is_a_sure_refusal(make_client: MakeClient) -> None:
    with RawServer(reply(NOT_FOUND)) as server, pytest.raises(Refused):
        pay_in(make_client(server.url))


def test_an_unused_card_tells_what_it_holds_and_how_long(make_client: MakeClient) -> None:
    with RawServer(reply(UNUSED)) as server:
        card = get_phone_card(make_client(server.url), pin="9001", password="")
    assert card is not None
    assert (card.money, card.is_used, card.used_at) == (Decimal("12.5"), False, None)
    assert card.expiry.instant == datetime.fromtimestamp(1795000000, UTC)
    assert server.received[0].body == {"pin": "9001", "password": ""}


def test_a_used_card_tells_when_and_for_whom(make_client: MakeClient) -> None:
    with RawServer(reply(USED)) as server:
        card = get_phone_card(make_client(server.url), pin="9001", password="77")
    assert card is not None
    assert (card.is_used, card.used_at, card.used_account) == (True, datetime.fromtimestamp(1795000000, UTC), "A-2")
    assert card.expiry.kind is ExpiryKind.SYSTEM_DEFAULT


def test_a_card_that_is_not_there_is_none(make_client: MakeClient) -> None:
    with RawServer(reply(NOT_FOUND)) as server:
        assert get_phone_card(make_client(server.url), pin="9001", password="77") is None


def test_a_refused_look_does_not_repeat_what_the_switch_said(make_client: MakeClient) -> None:
    with RawServer(reply('{"retCode":-5,"exception":"card 9001"}')) as server, pytest.raises(Refused) as raised:
        get_phone_card(make_client(server.url), pin="9001", password="77")
    assert raised.value.text == ""


@pytest.mark.parametrize("body", ['{"retCode":0}', '{"retCode":0,"infoPhoneCard":{"money":"NaN"}}', ""])
def test_a_card_of_which_nothing_is_said_is_no_card(make_client: MakeClient, body: str) -> None:
    with RawServer(reply(body)) as server, pytest.raises(Malformed):
        get_phone_card(make_client(server.url), pin="9001", password="77")
