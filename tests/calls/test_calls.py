"""The bench of the call history in short: it runs and prints, and what is no matter of time holds."""

from __future__ import annotations

import os
from datetime import UTC, datetime

import pytest
from django.db.models import Count, F, Sum

from bench.calls.plan import Plan
from bench.calls.report import Findings, table
from bench.calls.run import PARTS, found_world, measure
from bench.calls.world import World
from billing.models import Call, CallDay, CallTotal
from tests.support.processes import url_of_the_test_database

PLAN = Plan(now=datetime(2026, 3, 20, 12, tzinfo=UTC), size=1500, accounts=6, months=2)
# The others start servers of the portal, and say nothing at this size.
QUICK = {"reading", *PARTS} - {"web", "files", "memory"}
ABOUT_TIME = ("over json.load", "rows/s loaded over", "page", "beside the rows", "raw SUM")


@pytest.mark.django_db(transaction=True)
def test_a_short_run_finds_every_figure_and_what_is_no_matter_of_time_holds(environ: dict[str, str]) -> None:
    findings, steps = Findings(), list[str]()
    measure(PLAN, environ, findings, steps.append, only=QUICK)
    assert set(QUICK) <= set(steps)
    missed = [name for name, check in findings.checks.items() if not check.met]
    assert [name for name in missed if not any(part in name for part in ABOUT_TIME)] == []
    printed = table(findings.report(size=PLAN.size, seconds=1, load_average=0))
    assert all(name in printed for name in findings.checks)


@pytest.fixture
def environ(own_redis: str) -> dict[str, str]:
    servers = {"DATABASE_URL": url_of_the_test_database(), "REDIS_URL": own_redis}
    return {**os.environ, **servers, "DJANGO_SETTINGS_MODULE": "portal.settings", "PYTHONWARNINGS": "ignore"}


@pytest.fixture
def invented(transactional_db: None) -> World:
    return found_world(PLAN, {}, note=lambda text: None)


def test_the_invented_calls_are_as_many_as_wanted_and_agree_with_their_days_and_totals(invented: World) -> None:
    assert Call.objects.count() == PLAN.size
    assert Call.objects.filter(account=invented.largest).count() == PLAN.size * PLAN.share_of_the_largest
    by_rows = list(
        Call.objects.values_list("account", "day").annotate(Count("id"), Sum("fee")).order_by("account", "day")
    )
    totals = (
        CallTotal.objects.values_list("account", "day").annotate(Sum("calls"), Sum("fee")).order_by("account", "day")
    )
    assert list(totals) == by_rows
    days = CallDay.objects.filter(calls__gt=0, reported_calls=F("calls")).values_list("account", "day", "calls", "fee")
    assert list(days.order_by("account", "day")) == by_rows
    assert CallDay.objects.count() == PLAN.accounts * (len(PLAN.days) + 1)
