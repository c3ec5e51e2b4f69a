"""A day of calls into tables that are full: by the portal, by the ORM, and by the quickest that PostgreSQL has."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from django.db import connection

from accounts.models import Account
from bench.calls import wire
from bench.calls.feeder import feeder
from bench.calls.report import Findings
from bench.calls.timing import in_turn
from bench.calls.world import World, found_switch
from billing.calls.models import Call
from billing.calls.services import partitions
from billing.calls.services.fetching import fetch_days
from billing.lib.instants import from_millis

CALLS = 50_000
ROUNDS = 5
BATCH = 1000
BARE = """
    DROP TABLE IF EXISTS bench_bare_calls;
    CREATE TABLE bench_bare_calls (LIKE calls_call);
    ALTER TABLE bench_bare_calls DROP COLUMN id
"""
# Rows written, also those that are written as they were.
WRITTEN = """
    SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0) FROM pg_stat_user_tables
    WHERE relname LIKE 'billing\\_call%' AND relname NOT LIKE 'billing\\_callday%'
"""
INDEXED = "COPY of ready rows into the table with its indexes"
FIELDS = [field.attname for field in Call._meta.concrete_fields if field.attname != "id"]
KEY = ["switch", "flow_no", "started_at"]
TYPES = {"BigAutoField": "int8", "ForeignKey": "int8", "BigIntegerField": "int8", "IntegerField": "int4"}
TYPES |= {"SmallIntegerField": "int2", "DateField": "date", "DateTimeField": "timestamptz", "TextField": "text"}
TYPES |= {"DecimalField": "numeric"}


@dataclass
class Days:
    """Gives each that loads a day of its own, after all that is there."""

    last: date
    used: list[date] = field(default_factory=list)

    def next(self) -> date:
        self.used.append(self.last + timedelta(days=len(self.used) + 2))
        return self.used[-1]


def measure(world: World, findings: Findings) -> None:
    count = min(CALLS, world.plan.size)
    rounds = ROUNDS if count == CALLS else 1
    with feeder(count) as url:
        switch = found_switch("feeder", url)
        account, other = (Account.objects.create(switch=switch, number=number) for number in ("L-1", "L-2"))
        days = Days(world.plan.last)
        made = [_rows(other, days.next(), count) for _ in range(2 * (rounds + 1))]
        partitions.ensure({day.replace(day=1) for day in days.used})
        ready = iter(made[rounds + 1 :])
        models = iter([[Call(**dict(zip(FIELDS, row, strict=True))) for row in rows] for rows in made[: rounds + 1]])
        took = in_turn(
            rounds,
            {
                "ours": lambda: _fetch(world, account, days.next(), count),
                "bulk_create": lambda: _bulk_create(next(models)),
                "bare COPY": partial(_bare_copy, made[0]),
                INDEXED: lambda: _copy(next(ready), "calls_call"),
            },
        )
        for name, seconds in took.items():
            findings.figure(f"loading: rows/s, {name}", count / seconds)
        findings.least(
            "rows/s loaded over bulk_create(update_conflicts=True, batch_size=1000)",
            took["bulk_create"] / took["ours"],
            4,
        )
        findings.least(
            "rows/s loaded over a bare binary COPY into an unindexed table", took["bare COPY"] / took["ours"], 0.4
        )
        # What its indexes alone leave of that to a reader of them.
        findings.other(f"rows/s, {INDEXED}, over the bare one", took["bare COPY"] / took[INDEXED])
        before = _written()
        _fetch(world, account, days.used[-1], count)
        findings.most("rows rewritten by loading an unchanged day again", _written() - before, 0)


def _fetch(world: World, account: Account, day: date, count: int) -> None:
    fetched = fetch_days(accounts=[account], first=day, last=day, now=world.plan.now)
    assert fetched.calls == count, fetched.failures


def _bulk_create(calls: list[Call]) -> None:
    changing = [name for name in FIELDS if name not in ("switch_id", "flow_no", "started_at")]
    Call.objects.bulk_create(
        calls,
        batch_size=BATCH,
        update_conflicts=True,
        unique_fields=KEY,
        update_fields=[name.removesuffix("_id") for name in changing],
    )


def _bare_copy(rows: Sequence[tuple[Any, ...]]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(BARE)
        _copy(rows, "bench_bare_calls")
        cursor.execute("DROP TABLE bench_bare_calls")


def _copy(rows: Sequence[tuple[Any, ...]], table: str) -> None:
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY {table} ({', '.join(FIELDS)}) FROM STDIN (FORMAT binary)") as copy,
    ):
        copy.set_types(_types())
        for row in rows:
            copy.write_row(row)


def _types() -> list[str]:
    fields = {field.attname: field for field in Call._meta.concrete_fields}
    return [TYPES[fields[name].get_internal_type()] for name in FIELDS]


def _written() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(WRITTEN)
        return int(cursor.fetchone()[0])


def _rows(account: Account, day: date, count: int) -> list[tuple[Any, ...]]:
    return list(_each_row(account, day, count))


def _each_row(account: Account, day: date, count: int) -> Iterator[tuple[Any, ...]]:
    """As the table has them, in the order of FIELDS."""
    answer = b"".join(wire.pieces(account=account.number, day=day, count=count))
    for told in json.loads(answer, parse_float=Decimal)["infoCdrs"]:
        values = {
            "switch_id": account.switch_id,
            "account_id": account.pk,
            "day": day,
            "flow_no": told["flowNo"],
            "started_at": from_millis(told["start"]),
            "ended_at": from_millis(told["stop"]),
            "caller": told["callerE164"],
            "callee": told["calleeE164"],
            "talk_seconds": told["holdTime"],
            "billed_seconds": told["feeTime"],
            "fee": told["fee"],
            "fee_prefix": told["feePrefix"],
            "package_fee": told["suiteFee"],
            "package_seconds": told["suiteFeeTime"],
            "agent_number": told["agentAccount"],
            "agent_fee": told["agentFee"],
            "call_level": told["callLevel"],
            "end_direction": told["endDirection"],
            "end_reason": told["endReason"],
            "billing_mode": told["billingMode"],
            "callee_billing": told["calleeBilling"],
        }
        yield tuple(values[name] for name in FIELDS)
