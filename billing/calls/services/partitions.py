"""Partitions of the tables of calls and of their routing: one for each month (UTC) in which calls start.

They are made before they are needed, and dropped when their calls are not to be kept any longer.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum

from django.db import OperationalError, connection, transaction
from django.db.backends.utils import CursorWrapper

from billing.lib.advisory_locks import Locked, lock
from billing.lib.days import MONTH

logger = logging.getLogger(__name__)

CALLS = "calls_call"
TABLES = (CALLS, "calls_callrouting")
LONGEST_WAIT = "10s"


class State(StrEnum):
    """Whether a month's part belongs to its table. A query that begins now does not read one that is detaching."""

    ATTACHED = "attached"
    DETACHING = "detaching"
    DETACHED = "detached"


@dataclass(frozen=True)
class Part:
    """A month's part of one of the tables."""

    table: str
    month: date
    state: State

    @property
    def name(self) -> str:
        return _name(self.table, self.month)


NAME = re.compile(r"(?P<table>calls_call(?:routing)?)_y(?P<year>\d{4})m(?P<month>\d{2})")
PARTS = """
    SELECT relname,
        CASE WHEN inhrelid IS NULL THEN 'detached' WHEN inhdetachpending THEN 'detaching' ELSE 'attached' END
    FROM pg_class LEFT JOIN pg_inherits ON inhrelid = pg_class.oid
    WHERE relkind = 'r' AND relname ~ '^calls_call(routing)?_y' AND pg_table_is_visible(pg_class.oid)
"""
IS_ATTACHED = "SELECT 1 FROM pg_inherits WHERE inhrelid = to_regclass(%s) AND NOT inhdetachpending"


def month_of(at: datetime) -> date:
    """The first day of the month (UTC) of an instant."""
    return at.astimezone(UTC).date().replace(day=1)


def begin_of(month: date) -> datetime:
    return datetime(month.year, month.month, 1, tzinfo=UTC)


def ensure(months: Iterable[date]) -> None:
    """Make the missing partitions of these months, each of which is given by any of its days."""
    for month in sorted({day.replace(day=1) for day in months}):
        if not is_attached(month):
            _make(month)


def ensure_ahead(*, now: datetime) -> None:
    """Make the missing partitions of this month and of the next two."""
    this = month_of(now)
    ensure([this, this + MONTH, this + 2 * MONTH])


def drop_before(*, begin: datetime | None) -> list[date]:
    """Drop the months before `begin`, which begins a month, and what was left half dropped; return the months of calls
    that are gone now. Must not run inside a transaction.

    No query that reads calls is kept waiting. A month is detached first, and dropped once no query reads it any more;
    where that takes too long, it is dropped another time.
    """
    dropped = []
    found = parts()
    # No two months of one table can be detaching at once.
    found.sort(key=lambda part: part.state is State.ATTACHED)
    of_calls = {part.month for part in found if part.table == CALLS and part.state is State.ATTACHED}
    for part in found:
        is_kept = part.month in of_calls and (begin is None or part.month >= month_of(begin))
        if part.state is State.ATTACHED and is_kept:
            continue
        try:
            _drop(part)
        except OperationalError as error:
            logger.warning("Calls of %s are dropped another time: %s", f"{part.month:%B %Y}", error)
            break
        if part.table == CALLS:
            logger.info("Calls of %s are dropped: they are kept no longer", f"{part.month:%B %Y}")
            dropped.append(part.month)
    return dropped


def months() -> list[date]:
    """The months of which any table has a part, the oldest first."""
    return sorted({part.month for part in parts()})


def parts() -> list[Part]:
    """All parts, the oldest first; within a month that of the calls first, which stands for the others too."""
    with connection.cursor() as cursor:
        cursor.execute(PARTS)
        rows = cursor.fetchall()
    found = [
        Part(match["table"], date(int(match["year"]), int(match["month"]), 1), State(state))
        for name, state in rows
        if (match := NAME.fullmatch(name))
    ]
    return sorted(found, key=lambda part: (part.month, TABLES.index(part.table)))


def _drop(part: Part) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, false)", [LONGEST_WAIT])
        try:
            if part.state is State.ATTACHED:
                # PostgreSQL does it in two transactions: queries that begin after the first are not kept waiting.
                cursor.execute(f"ALTER TABLE {part.table} DETACH PARTITION {part.name} CONCURRENTLY")
            with transaction.atomic():
                _lock_months()
                for left in parts():
                    if left.name == part.name and left.state is not State.ATTACHED:
                        _drop_table(cursor, left)
        finally:
            cursor.execute("RESET lock_timeout")


def _lock_months() -> None:
    """Processes that make or drop the same month wait for one another here."""
    lock(Locked.PARTITIONS, CALLS)


def _drop_table(cursor: CursorWrapper, part: Part) -> None:
    if part.state is State.DETACHING:
        cursor.execute(f"ALTER TABLE {part.table} DETACH PARTITION {part.name} FINALIZE")
    cursor.execute(f"DROP TABLE {part.name}")


def _name(table: str, month: date) -> str:
    return f"{table}_y{month:%Y}m{month:%m}"


def is_attached(month: date) -> bool:
    """Whether queries of the table read the calls of that month; those of the routing's do then, too."""
    with connection.cursor() as cursor:
        cursor.execute(IS_ATTACHED, [_name(CALLS, month)])
        return cursor.fetchone() is not None


def _make(month: date) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        _lock_months()
        found = {part.table: part for part in parts() if part.month == month}
        for table in TABLES:
            part = found.get(table)
            if part is None or part.state is not State.ATTACHED:
                if part is not None:
                    _drop_table(cursor, part)
                _attach(cursor, table, month)


def _attach(cursor: CursorWrapper, table: str, month: date) -> None:
    name = _name(table, month)
    # Attaching lets readers of the table go on, which CREATE TABLE … PARTITION OF would not.
    cursor.execute(f"CREATE TABLE {name} (LIKE {table} INCLUDING DEFAULTS INCLUDING CONSTRAINTS)")
    cursor.execute(
        f"ALTER TABLE {table} ATTACH PARTITION {name} FOR VALUES FROM"
        f" ('{month:%Y-%m-%d}+00') TO ('{month + MONTH:%Y-%m-%d}+00')"
    )
