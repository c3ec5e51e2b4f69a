from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from accounts.models import Account
from billing.queries.costs import daily_cost
from billing.queries.runway import LAST_DAYS, days_left, days_left_of
from billing.services import partitions
from tests.support.factories import AccountFactory, CallDayFactory, CallFactory, ChargeFactory

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def fetched(account: Account, fee: str) -> None:
    for back in range(1, LAST_DAYS + 1):
        day = (NOW - timedelta(days=back)).date()
        CallDayFactory.create(account=account, day=day, fee=Decimal(fee), fetched_at=NOW)


@pytest.fixture
def agent(db: None) -> Account:
    account: Account = AccountFactory.create(is_agent=True, balance=Decimal(140), overdraft=Decimal(0))
    return account


@pytest.fixture
def child(agent: Account) -> Account:
    account: Account = AccountFactory.create(
        switch=agent.switch, parent=agent, balance=Decimal(140), overdraft=Decimal(0)
    )
    return account


def test_an_agent_pays_for_the_calls_of_its_customers(agent: Account, child: Account) -> None:
    partitions.ensure(months=[NOW.date()])
    yesterday = NOW - timedelta(days=1)
    CallFactory.create(account=child, agent_number=agent.number, agent_fee=Decimal("0.7"), started_at=yesterday)
    ChargeFactory.create(account=agent, amount=Decimal("0.3"), charged_at=yesterday)
    assert daily_cost(account=agent, last_days=2, now=NOW)[0][1] == Decimal(1)
    fetched(agent, "0")
    assert days_left(agent, NOW) == 1960


def test_days_left_of_many_are_those_of_each(agent: Account, child: Account) -> None:
    fetched(agent, "10")
    fetched(child, "7")
    assert days_left_of(accounts=[agent, child], now=NOW) == {agent.pk: 14, child.pk: 20}


def test_nothing_left_is_no_day_left(child: Account) -> None:
    child.balance = Decimal(0)
    assert days_left_of(accounts=[child], now=NOW) == {child.pk: 0}


def test_the_pace_is_not_told_while_days_are_missing(child: Account) -> None:
    CallDayFactory.create(account=child, day=(NOW - timedelta(days=1)).date(), fee=Decimal(7), fetched_at=NOW)
    assert days_left_of(accounts=[child], now=NOW) == {child.pk: None}


def test_the_pace_of_a_new_account_is_that_of_the_days_it_was_there(child: Account) -> None:
    CallDayFactory.create(account=child, day=(NOW - timedelta(days=1)).date(), fee=Decimal(7), fetched_at=NOW)
    child.opened_at = NOW - timedelta(days=1)
    assert days_left_of(accounts=[child], now=NOW) == {child.pk: 20}
    child.opened_at = NOW
    assert days_left_of(accounts=[child], now=NOW) == {child.pk: None}
