"""The pages of other portals' call lists, on the same rows in a plain table, beside the portal's own.

What each asks the database for, and by which indexes, is taken from its public source: MagnusBilling 7
(CallController.php; `pkg_cdr` in script/database.sql), A2Billing 2 (customer/call-history.php; `cc_call` in its
schema for PostgreSQL) and ASTPP 6 (reports_model.php; `cdrs` in database/astpp-6.0.sql).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from django.db import connection

from bench.calls.pages import EVERYTHING, deepest
from bench.calls.report import Findings
from bench.calls.statements import Statements
from bench.calls.timing import in_turn
from bench.calls.world import World
from billing.call_history.queries import pages
from billing.call_history.queries import totals as call_totals

ROUNDS = 3
PLAIN = """
    DROP TABLE IF EXISTS bench_plain_calls;
    CREATE TABLE bench_plain_calls AS
    SELECT id, account_id, started_at, ended_at, caller, callee, talk_seconds, billed_seconds, fee, fee_prefix,
        agent_fee, agent_number, call_level, end_reason
    FROM calls_call ORDER BY id
"""


@dataclass(frozen=True)
class Shape:
    """`rows` and `totals` go with a page; they want the account's id, `rows` also the offset.

    `own` are the indexes that it comes with, `fair` one that suits it.
    """

    name: str
    rows: str
    totals: Sequence[str]
    own: Sequence[str]
    fair: str

    def page_of(self, account: int, offset: int) -> Statements:
        return Statements((self.rows.format(account=account, offset=offset),)) + self.totals_of(account)

    def totals_of(self, account: int) -> Statements:
        return Statements(tuple(text.format(account=account) for text in self.totals))


SHAPES = (
    Shape(
        "MagnusBilling",
        rows="""
            SELECT * FROM bench_plain_calls WHERE account_id = {account} ORDER BY id DESC LIMIT 25 OFFSET {offset}
        """,
        totals=(
            "SELECT count(*) FROM bench_plain_calls WHERE account_id = {account}",
            "SELECT sum(agent_fee), sum(fee) FROM bench_plain_calls WHERE account_id = {account}",
        ),
        own=("id", "account_id", "fee_prefix", "callee", "caller", "started_at"),
        fair="account_id, id DESC",
    ),
    Shape(
        "A2Billing",
        rows="""
            SELECT started_at, caller, callee, fee_prefix, talk_seconds, end_reason, fee FROM bench_plain_calls
            WHERE account_id = {account} ORDER BY started_at DESC LIMIT 25 OFFSET {offset}
        """,
        totals=(
            "SELECT count(*) FROM bench_plain_calls WHERE account_id = {account}",
            """
            SELECT started_at::date AS day, sum(talk_seconds), sum(fee), count(*) FROM bench_plain_calls
            WHERE account_id = {account} GROUP BY day ORDER BY day
            """,
        ),
        own=("id", "account_id", "started_at", "callee", "end_reason"),
        fair="account_id, started_at DESC",
    ),
    Shape(
        "ASTPP",
        rows="""
            SELECT started_at, caller, callee, fee_prefix, billed_seconds, end_reason, fee, agent_fee, account_id
            FROM bench_plain_calls WHERE account_id = {account} ORDER BY started_at DESC LIMIT 25 OFFSET {offset}
        """,
        totals=(
            """
            SELECT count(*), sum(billed_seconds), sum(fee), sum(CASE WHEN call_level = 1 THEN fee ELSE 0 END),
                sum(agent_fee) FROM bench_plain_calls WHERE account_id = {account}
            """,
        ),
        own=("started_at, agent_number, call_level",),
        fair="account_id, started_at DESC",
    ),
)


def measure(world: World, findings: Findings) -> None:
    account = world.largest
    ours = _ours(world)
    with connection.cursor() as cursor:
        cursor.execute(PLAIN)
    for shape in SHAPES:
        for indexes, columns in {"its own indexes": shape.own, "a fair index": ("id", shape.fair)}.items():
            with _indexed(columns):
                _compare(shape, indexes, account.pk, ours, findings)
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE bench_plain_calls")


def _ours(world: World) -> dict[str, Statements]:
    """As much as each of the others' is: the rows with the totals, and the totals alone."""
    shown = partial(pages.page, account=world.largest, chosen=EVERYTHING)
    deep = deepest(world)
    totals = Statements.of(lambda: call_totals.totals(account=world.largest, chosen=EVERYTHING))
    return {
        "first page": Statements.of(shown) + totals,
        "deep page": Statements.of(lambda: shown(after=deep)) + totals,
        "totals": totals,
    }


def _compare(shape: Shape, indexes: str, account: int, ours: dict[str, Statements], findings: Findings) -> None:
    deep = _count(account) - 25
    theirs = {
        "first page": shape.page_of(account, 0),
        "deep page": shape.page_of(account, max(0, deep)),
        "totals": shape.totals_of(account),
    }
    for what, statements in theirs.items():
        took = in_turn(ROUNDS, {"theirs": statements.run, "ours": ours[what].run})
        findings.other(f"{shape.name} with {indexes}, {what}: times ours", took["theirs"] / took["ours"])
        findings.figure(f"{shape.name} with {indexes}, {what}: ms", took["theirs"] * 1000)


@contextmanager
def _indexed(columns: Sequence[str]) -> Iterator[None]:
    names = [f"bench_plain_{number}" for number in range(len(columns))]
    with connection.cursor() as cursor:
        for name, of in zip(names, columns, strict=True):
            cursor.execute(f"CREATE INDEX {name} ON bench_plain_calls ({of})")
        cursor.execute("VACUUM (ANALYZE) bench_plain_calls")
        yield
        for name in names:
            cursor.execute(f"DROP INDEX {name}")


def _count(account: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM bench_plain_calls WHERE account_id = %s", [account])
        return int(cursor.fetchone()[0])
