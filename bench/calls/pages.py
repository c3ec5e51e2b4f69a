"""Pages of the history and its totals: what PostgreSQL takes for them, of the account that has the most calls."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from zoneinfo import ZoneInfo

from django.db import connection

from bench.calls.report import Findings
from bench.calls.statements import Statements
from bench.calls.timing import in_turn
from bench.calls.world import World
from billing.call_history.queries import pages, totals
from billing.call_history.queries.filters import CallFilter
from billing.calls.models import Call
from billing.lib.cursors import to_cursor

ROUNDS = 200
FEW = 3
PAGE = 50
UTC_ZONE = ZoneInfo("UTC")
EVERYTHING = CallFilter(zone=UTC_ZONE)
RAW_SUM = """
    SELECT count(*), count(*) FILTER (WHERE talk_seconds > 0), sum(talk_seconds), sum(billed_seconds), sum(fee)
    FROM calls_call WHERE account_id = %s
"""


def measure(world: World, findings: Findings) -> None:
    account = world.largest
    calls = Call.objects.filter(account=account).order_by("started_at", "flow_no")
    deep = deepest(world)
    lately = CallFilter(zone=UTC_ZONE, first=world.plan.last - timedelta(days=29))
    middle = calls[calls.count() // 2]
    shown = partial(pages.page, account=account)
    asked = {
        "first page": Statements.of(lambda: shown(chosen=EVERYTHING)),
        "first page of 30 days": Statements.of(lambda: shown(chosen=lately)),
        "deepest page": Statements.of(lambda: shown(chosen=EVERYTHING, after=deep)),
        "primary key": Statements.of(lambda: list(Call.objects.filter(pk=middle.pk, started_at=middle.started_at))),
    }
    took = in_turn(ROUNDS, {name: statements.run for name, statements in asked.items()})
    for name, seconds in took.items():
        findings.figure(f"pages: ms of SQL, {name}", seconds * 1000)
    first = took["first page"]
    findings.most("first page's SQL over a look-up by the primary key", first / took["primary key"], 5)
    findings.most("deepest page over the first", took["deepest page"] / first, 1.5)
    _measure_totals(world, findings)


def deepest(world: World) -> str:
    """The cursor of the last whole page."""
    oldest = Call.objects.filter(account=world.largest).order_by("started_at", "flow_no")
    before = oldest[PAGE]
    return to_cursor(before.started_at, before.flow_no)


def _measure_totals(world: World, findings: Findings) -> None:
    account = world.largest
    asked = Statements.of(lambda: totals.totals(account=account, chosen=EVERYTHING))
    quick = in_turn(ROUNDS // 4, {"totals": asked.run})["totals"]
    # Seldom, for it takes long; it finds all in memory, as the totals do.
    raw = in_turn(FEW, {"raw SUM": lambda: _raw_sum(account.pk)})["raw SUM"]
    findings.figure("totals: ms of SQL, whole history", quick * 1000)
    findings.figure("totals: ms, raw SUM over the rows", raw * 1000)
    findings.least("totals of the whole history, times as quick as a raw SUM", raw / quick, 100)


def _raw_sum(account: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(RAW_SUM, [account])
        cursor.fetchall()
