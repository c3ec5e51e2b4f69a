from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.db import connection

from accounts.models import Account, ExpiryKind, LockType, Switch
from billing.balances.models import BalanceReading
from billing.balances.services import balances, profiles
from billing.switches.models import SwitchFailure
from billing.vos3000.operations.customers import Customer
from simulator.process import SimulatorProcess
from tests.support.factories import AccountFactory, SwitchFactory
from tests.support.rawserver import RawServer, reply

NOW = datetime.now(UTC)
ZOE = "A-20417"


def known(switch: Switch, number: str = ZOE) -> Account:
    account: Account = AccountFactory.create(
        switch=switch, number=number, balance=Decimal(1), balance_at=NOW - timedelta(hours=1), profile_at=None
    )
    return account


def test_a_fresh_balance_is_not_asked_for(switch: Switch, simulator: SimulatorProcess) -> None:
    account = known(switch)
    first = balances.current(account=account, now=NOW)
    second = balances.current(account=account, now=NOW + timedelta(seconds=9))
    assert (first.asked, second.asked) == (True, False)
    assert second.account.balance == simulator.control.account(ZOE).money
    assert simulator.control.stats().total == 1


def test_an_old_balance_is_asked_for_with_the_profile(switch: Switch, simulator: SimulatorProcess) -> None:
    account = balances.current(account=known(switch), now=NOW).account
    assert account.name == "Zoë Chen"
    assert account.balance_at == account.today_at == account.profile_at == NOW
    assert account.parent is not None
    assert (account.parent.number, account.parent.is_agent) == ("R-100", True)


def test_a_late_answer_never_overwrites_a_newer_figure(switch: Switch) -> None:
    account = known(switch)
    newer = Customer(account=ZOE, money=Decimal(7), limit_money=Decimal(0), name="newer")
    older = Customer(account=ZOE, money=Decimal(8), limit_money=Decimal(0), name="older")
    profiles.save(switch=switch, customers=[newer], sent=NOW)
    profiles.save(switch=switch, customers=[older], sent=NOW - timedelta(seconds=2))
    account.refresh_from_db()
    assert (account.balance, account.name, account.balance_at) == (Decimal(7), "newer", NOW)


def test_a_switch_that_is_down_leaves_the_old_figure_with_its_age(switch: Switch, simulator: SimulatorProcess) -> None:
    account = known(switch)
    simulator.control.pause()
    try:
        figures = balances.current(account=account, now=NOW)
    finally:
        simulator.control.resume()
    assert figures.failure == SwitchFailure.UNREACHABLE
    assert (figures.account.balance, figures.account.balance_at) == (Decimal(1), NOW - timedelta(hours=1))


@pytest.mark.parametrize(
    "kind", ["drop_before", "html_403", "error_500_before", "empty_before", "cut_body", "redirect"]
)
def test_rubbish_from_the_switch_is_a_sentence_and_no_error(
    switch: Switch, simulator: SimulatorProcess, kind: str
) -> None:
    simulator.control.add_fault("GetCustomer", kind)
    figures = balances.current(account=known(switch), now=NOW)
    assert figures.failure is not None
    assert figures.account.balance == Decimal(1)


def test_a_silent_switch_keeps_one_visitor_waiting_whichever_account_the_next_come_for(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(balances, "PAGE_TIMEOUT", 0.2)
    with RawServer() as server:
        server.replies.append(server.silence)
        switch = SwitchFactory.create(url=server.url)
        looks = [balances.current(account=known(switch, number), now=NOW) for number in (ZOE, "R-100")]
    assert [look.asked for look in looks] == [True, False]
    assert {look.failure for look in looks} == {SwitchFailure.TOO_LATE}


def test_an_answer_that_trickles_keeps_no_visitor_waiting_longer_than_silence(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(balances, "PAGE_TIMEOUT", 0.5)
    with RawServer() as server:
        server.replies.append(server.trickle(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", b" ", 0.02))
        account = known(SwitchFactory.create(url=server.url))
        began = time.monotonic()
        failure = balances.current(account=account, now=NOW).failure
    assert failure == SwitchFailure.TOO_LATE
    assert time.monotonic() - began < 0.9


def test_an_impossible_balance_is_told_and_not_asked_for_at_once_again(db: None) -> None:
    row = {"account": ZOE, "money": 1e300, "limitMoney": 0.0}
    with RawServer(reply(json.dumps({"retCode": 0, "infoCustomers": [row]}))) as server:
        account = known(SwitchFactory.create(url=server.url))
        looks = [balances.current(account=account, now=NOW) for _ in range(2)]
    assert [look.asked for look in looks] == [True, False]
    assert {look.failure for look in looks} == {SwitchFailure.UNREADABLE}


def test_settings_that_cannot_be_used_are_told_in_a_sentence_too(switch: Switch, tmp_path: Path) -> None:
    switch.ca_file = str(tmp_path / "missing.pem")
    switch.url = switch.url.replace("http:", "https:")
    switch.save()
    account = known(Switch.objects.get(pk=switch.pk))
    assert balances.current(account=account, now=NOW).failure


def test_an_account_that_is_gone_is_marked(switch: Switch) -> None:
    figures = balances.current(account=known(switch, "X-1"), now=NOW)
    assert figures.failure == SwitchFailure.ACCOUNT_GONE
    assert figures.account.missing_since == NOW


@pytest.mark.django_db(transaction=True)
def test_twenty_people_looking_at_once_are_one_request(simulator: SimulatorProcess) -> None:
    account = known(SwitchFactory.create(url=simulator.url))
    simulator.control.add_fault("GetCustomer", "late", seconds=0.5)

    def look(_: int) -> bool:
        try:
            return balances.current(account=Account.objects.get(pk=account.pk), now=datetime.now(UTC)).asked
        finally:
            connection.close()

    with ThreadPoolExecutor(20) as pool:
        assert sum(pool.map(look, range(20))) == 1
    assert simulator.control.stats().requests == {"GetCustomer": 1}


def test_one_request_refreshes_a_whole_switch(switch: Switch, simulator: SimulatorProcess) -> None:
    gone = known(switch, "X-1")
    count = balances.refresh_all(switch=switch, now=NOW)
    assert simulator.control.stats().requests == {"GetAllCustomers": 1}
    assert Account.objects.filter(switch=switch, balance_at=NOW, missing_since=None).count() == count > 10
    assert Account.objects.get(number="W-900").balance == simulator.control.account("W-900").money
    gone.refresh_from_db()
    assert gone.missing_since == NOW


@pytest.mark.django_db
def test_a_build_without_the_list_is_asked_for_known_accounts() -> None:
    with SimulatorProcess("--version", "2.1.4", "--quiet-world") as old:
        switch = SwitchFactory.create(url=old.url)
        account = known(switch)
        assert balances.refresh_all(switch=switch, now=NOW) == 1
        account.refresh_from_db()
        assert account.balance == old.control.account(ZOE).money


def test_readings_are_kept_once_a_quarter_of_an_hour_while_the_balance_moves(
    switch: Switch, simulator: SimulatorProcess
) -> None:
    for minutes in (0, 5, 14, 15, 20, 31):
        simulator.control.pay("C-301", Decimal("1.5"))
        balances.refresh_all(switch=switch, now=NOW + timedelta(minutes=minutes))
    moving = BalanceReading.objects.filter(account__number="C-301").order_by("at")
    assert [(reading.at - NOW).seconds // 60 for reading in moving] == [0, 15, 31]
    assert BalanceReading.objects.filter(account__number="A-20418").count() == 1


def test_agents_are_never_above_themselves(switch: Switch) -> None:
    first = Customer(account="L-1", money=Decimal(0), limit_money=Decimal(0), agent_account="L-2")
    second = Customer(account="L-2", money=Decimal(0), limit_money=Decimal(0), agent_account="L-1")
    own = Customer(account="L-3", money=Decimal(0), limit_money=Decimal(0), agent_account="L-3")
    profiles.save(switch=switch, customers=[first, second, own], sent=NOW)
    parents = dict(Account.objects.values_list("number", "parent__number"))
    assert parents == {"L-1": "L-2", "L-2": None, "L-3": None}


def test_children_come_with_every_depth(switch: Switch, simulator: SimulatorProcess) -> None:
    agent = profiles.ensure(switch=switch, number="R-200", now=NOW)
    assert profiles.refresh_children(agent=agent, now=NOW + timedelta(seconds=1)) == 3
    assert agent.children.count() == 2
    assert Account.objects.filter(parent__parent=agent).count() == 1


def test_an_account_that_the_switch_does_not_know_is_not_made_up(switch: Switch) -> None:
    with pytest.raises(profiles.UnknownAccount):
        profiles.ensure(switch=switch, number="nobody", now=NOW)
    assert not Account.objects.filter(number="nobody").exists()


def test_expiry_and_lock_are_as_stated(switch: Switch) -> None:
    balances.refresh_all(switch=switch, now=NOW)
    numbers = list(Account.objects.values_list("number", flat=True))
    profiles.refresh(switch=switch, numbers=numbers, now=NOW + timedelta(seconds=1))
    kinds = set(Account.objects.values_list("expiry", flat=True))
    assert kinds == {ExpiryKind.AT, ExpiryKind.NEVER, ExpiryKind.SYSTEM_DEFAULT}
    assert Account.objects.filter(lock_type=LockType.LOCKED).count() == 1


def test_one_impossible_balance_keeps_no_other_account_from_being_read(switch: Switch) -> None:
    broken = Customer(account="B-1", money=Decimal("1e300"), limit_money=Decimal(0))
    sound = Customer(account="B-2", money=Decimal("1.0000005"), limit_money=Decimal(2147483647))
    profiles.save(switch=switch, customers=[broken, sound], sent=NOW)
    assert list(Account.objects.values_list("number", "balance")) == [("B-2", Decimal("1.000000"))]
