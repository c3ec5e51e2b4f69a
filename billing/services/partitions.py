"""The table of calls is partitioned by month (UTC) of the call's start. Partitions are made before they are needed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

from django.db import connection, transaction

# Two processes that want the same month wait for each other here.
LOCK = 0x6361_6C6C  # "call"
EXISTS = "SELECT 1 FROM pg_inherits WHERE inhparent = 'billing_call'::regclass AND inhrelid = to_regclass(%s)"


def month_of(at: datetime) -> date:
    return at.astimezone(UTC).date().replace(day=1)


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


def _name(month: date) -> str:
    return f"billing_call_y{month:%Y}m{month:%m}"


def _exists(month: date) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(EXISTS, [_name(month)])
        return cursor.fetchone() is not None


def _make(month: date) -> None:
    name = _name(month)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        if _exists(month):
            return
        # Attaching lets readers of the table go on, which CREATE TABLE … PARTITION OF would not.
        cursor.execute(f"CREATE TABLE {name} (LIKE billing_call INCLUDING DEFAULTS INCLUDING CONSTRAINTS)")
        cursor.execute(
            f"ALTER TABLE billing_call ATTACH PARTITION {name} FOR VALUES FROM"
            f" ('{month:%Y-%m-%d}+00') TO ('{following(month):%Y-%m-%d}+00')"
        )
