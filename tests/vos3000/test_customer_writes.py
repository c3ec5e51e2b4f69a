"""Opening and changing accounts: done, surely not done, or unknown, as with payments; over the real simulator too."""

from __future__ import annotations

from decimal import Decimal

import pytest

from billing.vos3000 import Client, LockType, Refused, UnknownOutcome
from simulator.process import SimulatorProcess
from tests.support.pay_answers import UNKNOWN_ENDS
from tests.support.rawserver import RawServer, reply
from tests.support.switch_clients import MakeClient

DONE = '{"retCode":0}'


def lock(client: Client) -> None:
    client.modify_customer(account="A-1", lock_type=LockType.LOCKED)


def test_only_what_is_to_change_is_sent(make_client: MakeClient) -> None:
    with RawServer(reply(DONE), reply(DONE)) as server:
        client = make_client(server.url)
        lock(client)
        client.modify_customer(account="A-1", overdraft=Decimal("0.10"))
    first, second = server.received
    assert first.line == "POST /external/server/ModifyCustomer HTTP/1.1"
    assert first.body == {"account": "A-1", "lockType": 1}
    assert second.body == {"account": "A-1", "limitMoney": 0.1}
    assert b'"limitMoney":0.10' in second.text


def test_an_account_is_opened_with_its_agent_and_a_mark(make_client: MakeClient) -> None:
    with RawServer(reply(DONE)) as server:
        make_client(server.url).create_customer(
            account="A-1", name="Zoë", agent="R-1", overdraft=Decimal(0), rate_group="用户", memo="CH-1"
        )
    assert server.received[0].body == {
        "account": "A-1",
        "name": "Zoë",
        "agentAccount": "R-1",
        "limitMoney": 0.0,
        "lockType": 0,
        "feeRateGroup": "用户",
        "memo": "CH-1",
    }


@pytest.mark.parametrize("end", ["reset after the request", "empty body", "cut body", "HTML", "500", "unlisted code"])
def test_every_other_end_is_unknown_and_it_was_sent_once(make_client: MakeClient, end: str) -> None:
    with RawServer(UNKNOWN_ENDS[end], reply(DONE)) as server:
        with pytest.raises(UnknownOutcome):
            lock(make_client(server.url))
        assert len(server.received) == 1


def test_a_listed_code_is_a_sure_refusal(make_client: MakeClient) -> None:
    with RawServer(reply('{"retCode":-10007}')) as server, pytest.raises(Refused):
        lock(make_client(server.url))


def test_a_change_of_nothing_is_not_sent(make_client: MakeClient) -> None:
    with pytest.raises(ValueError, match="Nothing"):
        make_client("http://127.0.0.1:9").modify_customer(account="A-1")


def test_the_switch_does_what_is_told(simulator: SimulatorProcess, make_client: MakeClient) -> None:
    client = make_client(simulator.url, read_timeout=5.0, total_timeout=10.0)
    client.create_customer(account="N-1", name="New", agent="R-100", overdraft=Decimal(5), memo="CH-1")
    client.modify_customer(account="N-1", lock_type=LockType.LOCKED)
    (found,) = client.get_customers(accounts=["N-1"])
    assert (found.agent_account, found.limit_money, found.memo) == ("R-100", Decimal(5), "CH-1")
    assert found.is_locked
