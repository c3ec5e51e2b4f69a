"""Accounts: what is read of them, and that opening or changing one is done, surely not done, or unknown."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from billing.vos3000 import Client, ExpiryKind, Refused, UnknownOutcome
from billing.vos3000.operations.customers import (
    CustomerType,
    LockType,
    create_customer,
    get_all_customers,
    get_customers,
    modify_customer,
)
from simulator.process import SimulatorProcess
from tests.support.rawserver import RawServer, reply
from tests.support.switch_answers import NONE, UNKNOWN_ENDS, sample
from tests.support.switch_clients import MakeClient

DONE = '{"retCode":0}'


def lock(client: Client) -> None:
    modify_customer(client, account="A-1", lock_type=LockType.LOCKED)


def test_only_what_is_to_change_is_sent(make_client: MakeClient) -> None:
    with RawServer(reply(DONE), reply(DONE)) as server:
        client = make_client(server.url)
        lock(client)
        modify_customer(client, account="A-1", overdraft=Decimal("0.10"))
    first, second = server.received
    assert first.line == "POST /external/server/ModifyCustomer HTTP/1.1"
    assert first.body == {"account": "A-1", "lockType": 1}
    assert second.body == {"account": "A-1", "limitMoney": 0.1}
    assert b'"limitMoney":0.10' in second.text


def test_an_account_is_opened_with_its_agent_and_a_mark(make_client: MakeClient) -> None:
    with RawServer(reply(DONE)) as server:
        create_customer(
            make_client(server.url),
            account="A-1",
            name="Zoë",
            agent="R-1",
            overdraft=Decimal(0),
            rate_group="用户",
            memo="CH-1",
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
        modify_customer(make_client("http://127.0.0.1:9"), account="A-1")


def test_the_switch_does_what_is_told(simulator: SimulatorProcess, make_client: MakeClient) -> None:
    client = make_client(simulator.url, read_timeout=5.0, total_timeout=10.0)
    create_customer(client, account="N-1", name="New", agent="R-100", overdraft=Decimal(5), memo="CH-1")
    modify_customer(client, account="N-1", lock_type=LockType.LOCKED)
    (found,) = get_customers(client, accounts=["N-1"])
    assert (found.agent_account, found.limit_money, found.memo) == ("R-100", Decimal(5), "CH-1")
    assert found.is_locked


def test_a_customer_of_an_older_build_is_read_without_the_newer_fields(make_client: MakeClient) -> None:
    with RawServer(sample("customer")) as server:
        (customer,) = get_customers(make_client(server.url), accounts=["10011"])
    assert server.received[0].body == {"accounts": ["10011"]}
    assert (customer.account, customer.money, customer.limit_money) == ("10011", Decimal("10.0"), Decimal("0.0"))
    assert (customer.fee_rate_group, customer.agent_account) == ("用户", "111")
    assert (customer.type, customer.lock_type) == (CustomerType.PHONE_CARD, LockType.OPEN)
    assert customer.expiry.instant == datetime(2015, 5, 18, 2, 37, 33, 274000, tzinfo=UTC)
    assert customer.started_at == datetime(2015, 4, 18, 2, 37, 33, 274000, tzinfo=UTC)
    assert (customer.canceled, customer.category, customer.is_agent, customer.bound_numbers) == (None,) * 4


def test_an_answer_of_another_operation_has_no_customers(make_client: MakeClient) -> None:
    with RawServer(sample("bound_numbers")) as server:
        assert get_customers(make_client(server.url), e164s=["8613800000001"]) == []
    assert server.received[0].body == {"e164s": ["8613800000001"]}


@pytest.mark.parametrize(("direct", "mode"), [(False, 0), (True, 1)])
def test_the_children_of_an_agent(make_client: MakeClient, direct: bool, mode: int) -> None:
    with RawServer(reply(NONE)) as server:
        assert get_customers(make_client(server.url), agent="R-100", direct_children_only=direct) == []
    assert server.received[0].body == {"filterAgentAccount": {"filterAgentAccount": "R-100", "querySonMode": mode}}


def test_either_case_of_a_result_key_and_numbers_given_as_strings(make_client: MakeClient) -> None:
    answer = (
        '{"RetCode":5,"retCode":"0","InfoCustomers":[{"account":"A","money":"1.0E-4","limitMoney":"2147483647",'
        '"lockType":"7","validTime":"9223372036854775807","bindedE164s":["1","2"],"category":1,"canceled":false}]}'
    )
    with RawServer(reply(answer)) as server:
        (customer,) = get_customers(make_client(server.url), accounts=["A"])
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
        (customer,) = get_customers(make_client(server.url), accounts=["A"])
    assert (customer.expiry.kind, customer.expiry.instant) == (ExpiryKind.SYSTEM_DEFAULT, None)
    assert customer.spendable == Decimal("5.5")


def test_all_customers_come_in_one_request(make_client: MakeClient) -> None:
    answer = '{"retCode":0,"infoCustomerBriefs":[{"account":"A","money":1.23456789E7,"limitMoney":0.0}]}'
    with RawServer(reply(answer)) as server:
        (brief,) = get_all_customers(make_client(server.url))
    assert (brief.account, brief.money) == ("A", Decimal("12345678.9"))
    assert server.received[0].body == {"type": 1}
