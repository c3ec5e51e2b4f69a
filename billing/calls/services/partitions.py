"""The table of calls is partitioned by month (UTC) of the call's start, and so is that of their routing. Partitions are
made before they are needed, and dropped when their calls are not to be kept any longer.
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
    """Of a month's part of a table. Of one that is leaving, nobody who begins to read the table now sees anything."""

    IN = "in"
    LEAVING = "leaving"
    OUT = "out"


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
    SELECT relname, CASE WHEN inhrelid IS NULL THEN 'out' WHEN inhdetachpending THEN 'leaving' ELSE 'in' END
    FROM pg_class LEFT JOIN pg_inherits ON inhrelid = pg_class.oid
    WHERE relkind = 'r' AND relname ~ '^calls_call(routing)?_y' AND pg_table_is_visible(pg_class.oid)
"""
IS_IN = "SELECT 1 FROM pg_inherits WHERE inhrelid = to_regclass(%s) AND NOT inhdetachpending"


def month_of(at: datetime) -> date:
    return at.astimezone(UTC).date().replace(day=1)


def begin_of(month: date) -> datetime:
    return datetime(month.year, month.month, 1, tzinfo=UTC)


def ensure(months: Iterable[date]) -> None:
    """Make the partitions of these months (any day of each will do) that are not there yet."""
    for month in sorted({day.replace(day=1) for day in months}):
        if not is_in(month):
            _make(month)


def ensure_ahead(*, now: datetime) -> None:
    this = month_of(now)
    ensure([this, this + MONTH, this + 2 * MONTH])


def drop_before(*, begin: datetime | None) -> list[date]:
    """Drop the months that are over before `begin`, which begins a month, and what was left half done; those of which
    the calls are gone now. Not inside a transaction.

    Nobody who reads calls is kept waiting. A month leaves the table first, and ends once nobody reads it any more: what
    would have to be waited for too long is done another time.
    """
    dropped = []
    parts = _parts()
    # Of one table no two months can be leaving at once.
    parts.sort(key=lambda part: part.state is State.IN)
    of_calls = {part.month for part in parts if part.table == CALLS and part.state is State.IN}
    for part in parts:
        is_kept = part.month in of_calls and (begin is None or part.month >= month_of(begin))
        if part.state is State.IN and is_kept:
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
    """Of which any table has a part, the oldest first."""
    return sorted({part.month for part in _parts()})


def _parts() -> list[Part]:
    """The oldest first; of a month the calls, whose part tells that the others are there too."""
    with connection.cursor() as cursor:
        cursor.execute(PARTS)
        rows = cursor.fetchall()
    parts = [
        Part(found["table"], date(int(found["year"]), int(found["month"]), 1), State(state))
        for name, state in rows
        if (found := NAME.fullmatch(name))
    ]
    return sorted(parts, key=lambda part: (part.month, TABLES.index(part.table)))


def _drop(part: Part) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, false)", [LONGEST_WAIT])
        try:
            if part.state is State.IN:
                # In two transactions of its own: whoever begins to read after the first is let through.
                cursor.execute(f"ALTER TABLE {part.table} DETACH PARTITION {part.name} CONCURRENTLY")
            with transaction.atomic():
                _await_others()
                for left in _parts():
                    if left.name == part.name and left.state is not State.IN:
                        _end(cursor, left)
        finally:
            cursor.execute("RESET lock_timeout")


def _await_others() -> None:
    """Processes that want the same month wait for each other here."""
    lock(Locked.PARTITIONS, CALLS)


def _end(cursor: CursorWrapper, part: Part) -> None:
    if part.state is State.LEAVING:
        cursor.execute(f"ALTER TABLE {part.table} DETACH PARTITION {part.name} FINALIZE")
    cursor.execute(f"DROP TABLE {part.name}")


def _name(table: str, month: date) -> str:
    return f"{table}_y{month:%Y}m{month:%m}"


def is_in(month: date) -> bool:
    """Whether its calls are read by whoever reads the table; those of their routing are then, too."""
    with connection.cursor() as cursor:
        cursor.execute(IS_IN, [_name(CALLS, month)])
        return cursor.fetchone() is not None


def _make(month: date) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        _await_others()
        there = {part.table: part for part in _parts() if part.month == month}
        for table in TABLES:
            part = there.get(table)
            if part is None or part.state is not State.IN:
                if part is not None:
                    _end(cursor, part)
                _attach(cursor, table, month)


def _attach(cursor: CursorWrapper, table: str, month: date) -> None:
    name = _name(table, month)
    # Attaching lets readers of the table go on, which CREATE TABLE … PARTITION OF would not.
    cursor.execute(f"CREATE TABLE {name} (LIKE {table} INCLUDING DEFAULTS INCLUDING CONSTRAINTS)")
    cursor.execute(
        f"ALTER TABLE {table} ATTACH PARTITION {name} FOR VALUES FROM"
        f" ('{month:%Y-%m-%d}+00') TO ('{month + MONTH:%Y-%m-%d}+00')"
    )
