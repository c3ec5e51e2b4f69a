"""The table of calls is partitioned by month (UTC) of the call's start, and so is that of their routing. Partitions are
made before they are needed, and dropped when their calls are not to be kept any longer.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

from django.db import OperationalError, connection, transaction

logger = logging.getLogger(__name__)

# Two processes that want the same month wait for each other here.
LOCK = 0x6361_6C6C  # "call"
# A month is made and dropped in all of them at once, so that the first one tells of all.
CALLS = "billing_call"
TABLES = (CALLS, "billing_callrouting")
NAMES = """
    SELECT relname FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid WHERE inhparent = 'billing_call'::regclass
"""
NAME = re.compile(r"billing_call_y(?P<year>\d{4})m(?P<month>\d{2})")
LONGEST_WAIT = "3s"
EXISTS = "SELECT 1 FROM pg_inherits WHERE inhparent = 'billing_call'::regclass AND inhrelid = to_regclass(%s)"


def month_of(at: datetime) -> date:
    return at.astimezone(UTC).date().replace(day=1)


def begin_of(month: date) -> datetime:
    return datetime(month.year, month.month, 1, tzinfo=UTC)


def following(month: date) -> date:
    return (month.replace(day=28) + timedelta(days=4)).replace(day=1)


def ensure(months: Iterable[date]) -> None:
    """Make the partitions of these months (any day of each will do) that are not there yet."""
    for month in sorted({day.replace(day=1) for day in months}):
        if not _exists(month):
            _make(month)


def ensure_ahead(*, now: datetime) -> None:
    this = month_of(now)
    ensure([this, following(this), following(following(this))])


def drop_before(*, begin: datetime) -> list[date]:
    """Drop the months that are over before `begin`, which begins a month; those that were dropped.

    A page that reads calls is not kept waiting for long: what cannot be had at once is left for another time.
    """
    dropped = []
    for month in months():
        if month < month_of(begin):
            try:
                _drop(month)
            except OperationalError:
                logger.warning("Calls of %s are being read and are dropped another time", f"{month:%B %Y}")
                break
            logger.info("Calls of %s are dropped: they are kept no longer", f"{month:%B %Y}")
            dropped.append(month)
    return dropped


def months() -> list[date]:
    """That are there, the oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(NAMES)
        found = (NAME.fullmatch(name) for (name,) in cursor.fetchall())
        return sorted(date(int(name["year"]), int(name["month"]), 1) for name in found if name)


def _drop(month: date) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [LONGEST_WAIT])
        for table in TABLES:
            cursor.execute(f"DROP TABLE {_name(table, month)}")


def _name(table: str, month: date) -> str:
    return f"{table}_y{month:%Y}m{month:%m}"


def _exists(month: date) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(EXISTS, [_name(CALLS, month)])
        return cursor.fetchone() is not None


def _make(month: date) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        if _exists(month):
            return
        for table in TABLES:
            name = _name(table, month)
            # Attaching lets readers of the table go on, which CREATE TABLE … PARTITION OF would not.
            cursor.execute(f"CREATE TABLE {name} (LIKE {table} INCLUDING DEFAULTS INCLUDING CONSTRAINTS)")
            cursor.execute(
                f"ALTER TABLE {table} ATTACH PARTITION {name} FOR VALUES FROM"
                f" ('{month:%Y-%m-%d}+00') TO ('{following(month):%Y-%m-%d}+00')"
            )
