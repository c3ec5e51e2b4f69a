"""What pages of calls ask of PostgreSQL and Redis, and when: they read first, and then ask for what is missing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest
import redis
from django.core.cache import caches
from django.core.cache.utils import make_template_fragment_key
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from accounts.models import Account
from billing.calls.models import Backfill, CallDay
from billing.calls.services import partitions
from billing.packages.models import PackageList
from billing.rates.models import RateGroup
from tests.support.factories import AccountFactory, CallDayFactory, CallFactory, MembershipFactory
from tests.support.logins import logged_in
from tests.support.pages import context
from tests.support.visitors import Visitor

NOW = datetime.now(UTC)
TODAY = NOW.date()
MOST_QUERIES = 14
WRITES = ("INSERT", "UPDATE", "DELETE")


def visitor(**fields: Any) -> Visitor:
    partitions.ensure(months=[TODAY - timedelta(days=back) for back in (0, 15, 31)])
    account = AccountFactory.create(balance_at=NOW, rate_group="named", **fields)
    user = MembershipFactory.create(account=account).user
    return Visitor(user, account, logged_in(user))


@pytest.fixture
def zoe(db: None) -> Visitor:
    return visitor(opened_at=None, viewed_at=None)


@pytest.fixture
def call_address(zoe: Visitor) -> str:
    call = CallFactory.create(account=zoe.account, started_at=NOW, fee_prefix="8613", package_seconds=60)
    return zoe.page(f"calls/{call.flow_no}/")


def asked_for(zoe: Visitor, address: str) -> list[str]:
    """The statements of a page, without those on the session: they are every page's."""
    with CaptureQueriesContext(connection) as queries:
        assert zoe.client.get(address).status_code == 200
    return [query["sql"] for query in queries.captured_queries if "session" not in query["sql"]]


def of_writing(statements: list[str]) -> list[int]:
    return [number for number, statement in enumerate(statements) if statement.startswith(WRITES)]


def last_reading_of(statements: list[str], *tables: str) -> int:
    return max(
        number
        for number, statement in enumerate(statements)
        if statement.lstrip().startswith("SELECT") and any(f'"{table}"' in statement for table in tables)
    )


def test_a_page_of_known_days_asks_no_more_than_it_did(zoe: Visitor) -> None:
    for back in range(30):
        CallDayFactory.create(account=zoe.account, day=TODAY - timedelta(days=back), fetched_at=NOW)
    CallFactory.create(account=zoe.account, started_at=NOW, fee_prefix="8613")
    RateGroup.objects.create(switch=zoe.account.switch, name="named", read_at=NOW, not_before=NOW + timedelta(hours=1))
    Account.objects.update(viewed_at=NOW)
    zoe.client.get(zoe.page("calls/"))
    statements = asked_for(zoe, zoe.page("calls/"))
    assert len(statements) <= MOST_QUERIES, statements


def test_a_list_is_read_before_anything_that_is_missing_is_asked_for(zoe: Visitor) -> None:
    CallFactory.create(account=zoe.account, started_at=NOW, fee_prefix="8613")
    statements = asked_for(zoe, zoe.page("calls/"))
    writing = of_writing(statements)
    assert Backfill.objects.exists()
    assert RateGroup.objects.filter(name="named", asked_at__isnull=False).exists()
    assert Account.objects.filter(pk=zoe.account.pk, viewed_at__isnull=False).exists()
    assert writing[0] > last_reading_of(statements, "calls_call", "calls_calltotal")


def test_a_call_is_read_before_its_rates_and_packages_are_asked_for(zoe: Visitor, call_address: str) -> None:
    statements = asked_for(zoe, call_address)
    assert of_writing(statements)[0] > last_reading_of(statements, "calls_call", "calls_callchange")
    assert RateGroup.objects.get().asked_at
    assert PackageList.objects.get().asked_at


def test_the_head_of_a_call_asks_for_nothing(zoe: Visitor, call_address: str) -> None:
    assert zoe.client.head(call_address).status_code == 200
    assert not RateGroup.objects.exists()
    assert not PackageList.objects.exists()
    assert Account.objects.get(pk=zoe.account.pk).viewed_at is None


def test_a_page_that_is_not_there_is_not_looked_at(zoe: Visitor) -> None:
    assert zoe.client.get(zoe.page("calls/1/")).status_code == 404
    assert Account.objects.get(pk=zoe.account.pk).viewed_at is None


def test_days_that_come_in_while_the_page_is_made_have_it_read_again(zoe: Visitor) -> None:
    def come_in(**asked: Any) -> None:
        CallDay.objects.create(account=zoe.account, day=TODAY, fetched_at=NOW)

    with patch("billing.calls.services.backfills.ask", come_in):
        shown = context(zoe.client.get(f"{zoe.page('calls/')}?from={TODAY - timedelta(days=3)}&to={TODAY}"))
    backfill = shown["backfill"]
    assert (backfill.coverage.progress.done, backfill.progress.done, backfill.has_grown) == (0, 1, True)


@pytest.fixture
def late(transactional_db: None) -> Visitor:
    return visitor(opened_at=None)


@pytest.fixture
def redis_questions() -> Iterator[list[bool]]:
    """Of each question to Redis for several values, whether a transaction of the database was open meanwhile."""
    asked: list[bool] = []
    execute: Any = redis.Redis.execute_command

    def noting(self: redis.Redis, *words: Any, **options: Any) -> Any:
        if words[0] == "MGET":
            asked.append(connection.in_atomic_block)
        return execute(self, *words, **options)

    with patch.object(redis.Redis, "execute_command", noting):
        yield asked


def test_redis_is_asked_outside_of_the_snapshot_and_once(late: Visitor, redis_questions: list[bool]) -> None:
    CallFactory.create(account=late.account, started_at=NOW - timedelta(days=1))
    shown = context(late.client.get(late.page("calls/")))
    assert shown["in_all"].others
    assert redis_questions == [False]


def test_filters_that_stand_empty_are_kept_by_language_and_currency(zoe: Visitor) -> None:
    kept = caches["template_fragments"]
    kept.clear()
    with translation.override("de"):
        zoe.client.get(zoe.page("calls/"))
    currency = zoe.account.switch.currency
    keys = [make_template_fragment_key("more_filters", [language, currency]) for language in ("de", "en")]
    assert [key in kept for key in keys] == [True, False]
    zoe.client.get(zoe.page("calls/"))
    assert [key in kept for key in keys] == [True, True]
    kept.clear()
