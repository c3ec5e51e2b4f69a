"""The whole proof: a past, what is put wrong in it, and what reconciliation says of it, step by step."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from random import Random

from django.db import connection

from accounts.models import Switch
from bench.balances.discrepancies import Discrepancy
from bench.balances.plan import Plan
from bench.balances.report import Outcome
from bench.balances.town import Town
from bench.balances.verdict import Verdict, judge
from billing.balances.models import Case, Cause
from billing.balances.services.reconciliation import reconcile
from billing.lib.days import DAY, day_of
from billing.switches.services.priority import waiting_for_budget
from billing.sync.services.catch_up import CatchUp
from simulator.control import Control

WRITTEN = ("balances_case", "balances_reconciliation", "balances_balancereading")
Note = Callable[[str], None]


def prove(plan: Plan, switches: Mapping[str, tuple[str, Control]], note: Note) -> Outcome:
    """`switches` are address and control of an empty stand-in for each zone."""
    random, now = Random(plan.seed), datetime.now(UTC)
    towns = [
        Town.found(_switch(zone, url), control, random, plan, _milliseconds(now))
        for zone, (url, control) in switches.items()
    ]
    note("the past is played")
    failures = _look(towns, plan)
    # What has had no row from the start; the records that are there say what they always said.
    before = _judged(towns, lambda found: found.cause not in (Cause.RECORD_EDITED, Cause.RECORD_MISSING))
    note("read and reconciled for the first time")
    for town in towns:
        town.put_wrong()
    failures += _look(towns, plan)
    wrong = _judged(towns, lambda found: True)
    note("read and reconciled with everything wrong")
    state = _state()
    _reconcile(towns, plan)
    written = _changed(state)
    right = [found for town in towns for found in town.discrepancies[::2]]
    for town in towns:
        town.put_right(town.discrepancies[::2])
    failures += _look(towns, plan)
    left = _judged(towns, lambda found: not any(found is other for other in right))
    note("half of it put right, read and reconciled")
    state = _state()
    _reconcile(towns, plan)
    closed = Case.objects.filter(closed_at__isnull=False).count()
    return Outcome(
        before=before,
        wrong=wrong,
        left=left,
        closed=closed,
        to_close=sum(len(found.truth) for found in right),
        put_right=len(right),
        written=written + _changed(state),
        failures=failures,
        calls=_count("calls_call"),
        payments=_count("balances_payment"),
        charges=_count("balances_charge"),
        days=_count("balances_reconciliation"),
    )


def _switch(zone: str, url: str) -> Switch:
    return Switch.objects.create(name=zone, url=url, time_zone=zone, requests_per_second=10_000)


def _look(towns: Sequence[Town], plan: Plan) -> list[str]:
    """Read everything through the services of `manage.py sync`, then reconcile. Returns what failed."""
    failed = []
    for town in towns:
        first, last = _days(town, plan)
        catch_up = CatchUp(town.switch, first, last)
        with waiting_for_budget():
            for part in catch_up.parts(catch_up.choose(town.numbers)):
                part()
        failed += [f"{row.account} {row.day}: {row.why.label}" for row in catch_up.done.failed]
    _reconcile(towns, plan)
    return failed


def _reconcile(towns: Sequence[Town], plan: Plan) -> None:
    for town in towns:
        first, last = _days(town, plan)
        for account in town.accounts:
            reconcile(account=account, first=first, last=last, now=datetime.now(UTC))


def _days(town: Town, plan: Plan) -> tuple[date, date]:
    last = day_of(datetime.now(UTC), town.switch.zone)
    return last - (plan.days + 1) * DAY, last


def _judged(towns: Sequence[Town], expected: Callable[[Discrepancy], bool]) -> Verdict:
    verdict = Verdict()
    for town in towns:
        open_cases = Case.objects.filter(account__switch=town.switch, closed_at__isnull=True)
        told = open_cases.select_related("account").order_by("pk")
        verdict.add(judge([found for found in town.discrepancies if expected(found)], told))
    return verdict


def _state() -> dict[tuple[str, int], str]:
    """Which version of each row is there: any write gives it another."""
    with connection.cursor() as cursor:
        rows: dict[tuple[str, int], str] = {}
        for table in WRITTEN:
            cursor.execute(f"SELECT id, xmin::text FROM {table}")  # noqa: S608  # the names above
            rows |= {(table, pk): version for pk, version in cursor.fetchall()}
    return rows


def _changed(before: Mapping[tuple[str, int], str]) -> int:
    return len(set(before.items()) ^ set(_state().items()))


def _count(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")  # noqa: S608  # a name of ours
        return int(cursor.fetchone()[0])


def _milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)
