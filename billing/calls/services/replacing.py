"""Staged call records become the rows of a day, all at once; the SQL for it is in `call_exchange`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import DataError, IntegrityError, OperationalError, connection, transaction
from psycopg.errors import DeadlockDetected

from accounts.models import Switch
from billing.calls.models import CallDay, CallTotal
from billing.calls.queries.retention import kept_from
from billing.calls.services import partitions, routing, totals, unreadable_records
from billing.calls.services import replacing_sql as sql
from billing.calls.services.staging import Stage
from billing.lib.advisory_locks import Locked, lock
from billing.lib.days import noon
from billing.lib.instants import from_millis
from billing.vos3000 import Malformed

# How far an edited record may have moved in time and still be found under its number.
MOVED_AT_MOST = timedelta(days=35)
# A record that an answer lacks though its call had ended so long before is late.
LATE_AFTER = timedelta(minutes=15)
HOUR = timedelta(hours=1)
MILLISECOND = timedelta(milliseconds=1)
AccountDay = tuple[int, date]


@dataclass(frozen=True)
class Touched:
    """Account-days that change together, those that were fetched first; between which instants their calls begin."""

    days: Sequence[AccountDay]
    begin: datetime
    end: datetime

    def parameters(self) -> dict[str, Any]:
        return {**_in_rows(self.days), "begin": self.begin, "end": self.end}


def _in_rows(days: Sequence[AccountDay]) -> dict[str, Any]:
    """Side by side, as the statements want them."""
    return {"touched_accounts": [account for account, _ in days], "touched_days": [day for _, day in days]}


def replace_day(*, switch: Switch, stage: Stage, now: datetime) -> None:
    """Make the staged records the day's rows. Readers see the old day until this commits, then the new one.

    Rows that did not change are not written. Raises Malformed when the day adds up to what no day can be.
    """
    stage.write()
    partitions.ensure(stage.months)
    accounts = sorted(stage.accounts.values())
    CallDay.objects.bulk_create(
        [CallDay(account_id=account, day=stage.day) for account in accounts], ignore_conflicts=True
    )
    with _sums_that_fit():
        for is_last in (False, False, True):
            try:
                _exchange(switch, stage, accounts, now)
            except (Interfered, IntegrityError, OperationalError) as error:
                if is_last or not _was_crossed(error):
                    raise
            else:
                break


class Interfered(Exception):
    """Somebody else's day brought one of these records at this very moment; now it is found."""


def _was_crossed(error: Exception) -> bool:
    """So, also where the database found it; or each of two waited for the other's days."""
    return isinstance(error, Interfered | IntegrityError) or isinstance(error.__cause__, DeadlockDetected)


def _exchange(switch: Switch, stage: Stage, accounts: list[int], now: datetime) -> None:
    middle = noon(stage.day)
    parameters: dict[str, Any] = {
        "switch": switch.pk,
        "zone": switch.time_zone,
        "day": stage.day,
        "accounts": accounts,
        "earliest": middle - MOVED_AT_MOST,
        "latest": middle + MOVED_AT_MOST,
        "least_flow_no": min(stage.flow_nos, default=None),
        "greatest_flow_no": max(stage.flow_nos, default=None),
        "unreadable": stage.unreadable.count,
        "at": now,
        "late_after": LATE_AFTER,
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql.ROOM_TO_SORT)
        cursor.execute(sql.DROP_REPEATED)
        repeated = cursor.rowcount
        cursor.execute("ANALYZE staged_call (flow_no)")
        # Two days of an account may report one record: were both exchanged at once, neither would know of the other's.
        lock(Locked.CALLS_OF_ACCOUNT, *accounts)
        cursor.execute(sql.OTHER_DAYS, parameters)
        ours = [(account, stage.day) for account in accounts]
        held = set(cursor.fetchall())
        days = ours + sorted(held - set(ours))
        cursor.execute(sql.LOCK_DAYS, _in_rows(days))
        touched = _with_times(days, stage)
        parameters |= touched.parameters()
        if not held and not _is_there(ours):
            cursor.execute(sql.NOTE_LATE, parameters)
            cursor.execute(sql.INSERT, parameters)
        else:
            for statement in sql.REPLACE:
                if stage.unreadable.count and statement in sql.OF_WHOLE_ANSWERS:
                    continue
                cursor.execute(statement, parameters)
                if statement is sql.DELETE_MOVED and not set(cursor.fetchall()) <= set(days):
                    raise Interfered
                if statement is sql.NOTE_CHANGES and cursor.rowcount:
                    routing.drop_of_changed(parameters)
        if stage.routing:
            stage.routing.keep(switch=switch)
        totals.add_up(
            accounts=parameters["touched_accounts"],
            days=parameters["touched_days"],
            begin=touched.begin,
            end=touched.end,
            kept_from=kept_from(now),
        )
        # Of another day that changes with this one, what was counted before still holds at most.
        rounded = [stage.rounded[account] if day == stage.day else None for account, day in days]
        cursor.execute(sql.ADD_UP, {**parameters, "rounded": rounded})
        cursor.execute(sql.MARK_FETCHED, parameters)
        unreadable_records.keep(accounts=accounts, day=stage.day, found=stage.unreadable, now=now)
    stage.records -= repeated
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE staged_call")


def _with_times(days: list[AccountDay], stage: Stage) -> Touched:
    """What was added up by the hour tells where the rows are; any may come to be of any of these days."""
    hours = _hours(days)
    staged = [from_millis(start) for start in stage.starts] or [noon(stage.day)]
    begin, end = min([*staged, *hours]), max([staged[-1] + MILLISECOND, *(hour + HOUR for hour in hours)])
    return Touched(days, begin, end)


def _hours(days: Iterable[AccountDay]) -> list[datetime]:
    wanted = set(days)
    rows = CallTotal.objects.filter(
        account__in={account for account, _ in wanted}, day__in={day for _, day in wanted}
    ).values_list("account_id", "day", "hour")
    return [hour for account, day, hour in rows if (account, day) in wanted]


def _is_there(days: Iterable[AccountDay]) -> bool:
    """Whether there are rows of any of these days."""
    return bool(_hours(days))


@contextmanager
def _sums_that_fit() -> Iterator[None]:
    try:
        yield
    except DataError as error:
        raise Malformed("GetCdr", "the calls of a day add up to what cannot be kept") from error


def with_rows(accounts: Iterable[int], day: date) -> set[int]:
    """Those of the accounts that hold calls of that day."""
    return set(CallDay.objects.filter(account__in=accounts, day=day, calls__gt=0).values_list("account_id", flat=True))
