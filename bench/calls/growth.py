"""The first page among all the calls, in turn with that among a tenth of them; each in a database of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial

import psycopg
from django.core.management import call_command
from django.db import connection

from bench.calls import filling
from bench.calls.pages import EVERYTHING, ROUNDS
from bench.calls.plan import Plan
from bench.calls.report import Findings
from bench.calls.statements import Statements
from bench.calls.timing import in_turn
from bench.calls.world import NOWHERE, found_switch
from billing.call_history.queries import pages

# All that the page needs; the others would take as much room as the calls.
INDEXES = ("calls_call_pkey", "call_history")


def measure(plan: Plan, findings: Findings, note: Callable[[str], None]) -> None:
    with ExitStack() as stack:
        acts = {}
        for size in (plan.size // 10, plan.size):
            stack.enter_context(_database(f"bench_{size}"))
            asked = _first_page(replace(plan, size=size), note)
            apart = stack.enter_context(
                psycopg.connect(**connection.get_connection_params() | {"cursor_factory": psycopg.Cursor})
            )
            acts[f"{size:,}"] = partial(_ask, apart, asked)
        took = in_turn(ROUNDS, acts)
    for name, seconds in took.items():
        findings.figure(f"growth: ms of SQL, first page among {name} calls", seconds * 1000)
    less, more = took.values()
    findings.most(f"first page among {plan.size:,} calls over that among a tenth of them", more / less, 1.5)


@contextmanager
def _database(name: str) -> Iterator[None]:
    """Django's connection leads there within."""
    before = connection.settings_dict["NAME"]
    with connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {name}")
        cursor.execute(f"CREATE DATABASE {name}")
    _lead_to(name)
    try:
        call_command("migrate", verbosity=0)
        yield
    finally:
        _lead_to(before)
        with connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _lead_to(name: str) -> None:
    connection.close()
    connection.settings_dict["NAME"] = name


def _first_page(plan: Plan, note: Callable[[str], None]) -> Statements:
    switch = found_switch("bench", NOWHERE)
    accounts = filling.found_accounts(plan, switch)
    with filling.indexes_made_after(only=INDEXES):
        for made in filling.copy_calls(plan, switch, accounts):
            note(f"{made:,} calls")
    filling.analyze()
    note("indexes made")
    return Statements.of(lambda: pages.page(account=accounts[0], chosen=EVERYTHING))


def _ask(apart: psycopg.Connection, asked: Statements) -> None:
    for text in asked.texts:
        apart.execute(text.encode()).fetchall()
