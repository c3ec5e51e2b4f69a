"""The routing of calls is forgotten at once, when the operator of the switch says so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from django.db import connection, transaction

from accounts.models import Account, AuditAction, AuditEntry, Switch
from billing.calls.models import Call
from billing.calls.models.routing import ROUTING, CallRouting
from billing.calls.services import partitions, routing_removal
from billing.calls.services.routing import RoutingStage
from tests.support.commands import run
from tests.support.factories import AccountFactory, CallFactory, SwitchFactory
from tests.support.waiting import eventually

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
TEXTS = dict.fromkeys(ROUTING, "gw-mark-71301")


@pytest.fixture
def account() -> Account:
    account: Account = AccountFactory.create(switch__name="main")
    return account


def keep(account: Account, *days_ago: int) -> None:
    """Make a call on each of these days, with its routing."""
    for days in days_ago:
        at = NOW - timedelta(days=days)
        partitions.ensure([at.date()])
        call = CallFactory.create(account=account, started_at=at, day=at.date())
        CallRouting.objects.create(switch=account.switch, flow_no=call.flow_no, started_at=at, **TEXTS)


@pytest.mark.django_db
def test_all_of_it_goes_and_every_call_stays(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routing_removal, "AT_ONCE", 2)
    keep(account, 1, 2, 3, 40, 41, 80)
    other = AccountFactory.create(switch=SwitchFactory.create(name="other"))
    keep(other, 1)
    ran = run("forget_routing", "main", "--json")
    assert (ran.code, ran.data) == (0, {"switch": "main", "calls": 6})
    assert [row.switch for row in CallRouting.objects.all()] == [other.switch]
    assert Call.objects.filter(account=account).count() == 6


@pytest.mark.django_db
def test_its_beginning_and_its_end_are_in_the_audit_trail(account: Account) -> None:
    keep(account, 1, 2)
    run("forget_routing", "main")
    entries = AuditEntry.objects.filter(action=AuditAction.REMOVED, subject_type="accounts.switch").order_by("pk")
    assert [(entry.role, entry.subject, entry.text) for entry in entries] == [
        ("command", "main", "The routing of its calls is being forgotten"),
        ("command", "main", "The routing of 2 of its calls is forgotten, and none is kept"),
    ]


@pytest.mark.django_db
def test_again_finds_nothing_and_leaves_no_trace(account: Account) -> None:
    keep(account, 1)
    run("forget_routing", "main")
    before = AuditEntry.objects.count()
    ran = run("forget_routing", "main")
    assert (ran.code, ran.out) == (0, "main: the routing of 0 calls is forgotten.\n")
    assert AuditEntry.objects.count() == before


@pytest.mark.django_db
def test_while_it_is_to_be_kept_nothing_goes(account: Account) -> None:
    keep(account, 1)
    Switch.objects.update(keep_routing=True)
    ran = run("forget_routing", "main")
    assert ran.code == 2
    assert "--no-keep-routing" in ran.err
    assert CallRouting.objects.count() == 1


@pytest.mark.django_db
def test_it_ends_where_it_is_to_be_kept_again(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routing_removal, "AT_ONCE", 2)
    keep(account, 1, 2, 3)

    def then_on(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        """Turn the setting on as soon as a first piece is gone."""
        done = execute(sql, *rest)
        if "DELETE FROM calls_callrouting" in sql:
            Switch.objects.update(keep_routing=True)
        return done

    with connection.execute_wrapper(then_on):
        assert run("forget_routing", "main").code == 2
    assert CallRouting.objects.count() == 1


@pytest.fixture
def day_being_loaded() -> Iterator[psycopg.Connection[Any]]:
    """Another connection, whose transaction loads a day and is not committed yet."""
    found = connection.get_connection_params()
    names = ("dbname", "user", "password", "host", "port")
    with psycopg.connect(**{name: found[name] for name in names if found.get(name)}) as other:
        yield other


@pytest.mark.django_db(transaction=True)
def test_what_a_day_that_is_being_loaded_holds_is_not_waited_for_and_goes_the_next_time(
    account: Account, day_being_loaded: psycopg.Connection[Any]
) -> None:
    keep(account, 1, 2)
    held = CallRouting.objects.earliest("started_at").flow_no
    day_being_loaded.execute("DELETE FROM calls_callrouting WHERE flow_no = %s", [held])
    ran = run("forget_routing", "main")
    assert (ran.code, "again" in ran.err) == (1, True)
    assert [row.flow_no for row in CallRouting.objects.all()] == [held]
    day_being_loaded.rollback()
    assert run("forget_routing", "main", "--json").data["calls"] == 1
    assert not CallRouting.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kept_before", [0, 1])
def test_what_a_day_brings_that_was_being_loaded_when_it_was_turned_off_goes_too(
    account: Account, day_being_loaded: psycopg.Connection[Any], kept_before: int
) -> None:
    keep(account, *range(1, kept_before + 1))
    Switch.objects.update(keep_routing=True)

    def forget() -> int:
        try:
            return routing_removal.forget_routing(switch=account.switch, now=NOW)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            RoutingStage(NOW.date(), {account.number}).keep(switch=account.switch)
            keep(account, 2)
            day_being_loaded.execute("UPDATE accounts_switch SET keep_routing = false")
            day_being_loaded.commit()
            forgotten = pool.submit(forget)
            assert eventually(lambda: waits() or forgotten.done())
            assert not forgotten.done()
        assert forgotten.result() == kept_before + 1
    assert not CallRouting.objects.exists()


def waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        return cursor.fetchone() is not None
