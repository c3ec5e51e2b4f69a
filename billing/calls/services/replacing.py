"""Making the staged records of an answer the rows of their day, all at once.

The statements are in `replacing_sql`, in the order in which they run here.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import DataError, IntegrityError, OperationalError, connection, transaction
from django.db.backends.utils import CursorWrapper
from psycopg.errors import DeadlockDetected, UniqueViolation

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
TRIES = 3
# Before another try, so that the process that interfered goes first: it may be waiting for the locks of this one.
PAUSE_SECONDS = 0.1
AccountDay = tuple[int, date]


@dataclass(frozen=True)
class Answer:
    """What the switch answered for one day of some accounts. The statements know these fields by their names."""

    switch: int
    zone: str
    day: date
    accounts: Sequence[int]
    # Any row of one of its records lies between these instants and these numbers.
    earliest: datetime
    latest: datetime
    least_flow_no: int | None
    greatest_flow_no: int | None
    unreadable: int
    at: datetime
    late_after: timedelta = LATE_AFTER

    @classmethod
    def staged(cls, stage: Stage, *, switch: Switch, now: datetime) -> Answer:
        """Describe the answer whose records are in the stage."""
        return cls(
            switch=switch.pk,
            zone=switch.time_zone,
            day=stage.day,
            accounts=sorted(stage.accounts.values()),
            earliest=noon(stage.day) - MOVED_AT_MOST,
            latest=noon(stage.day) + MOVED_AT_MOST,
            least_flow_no=min(stage.flow_nos, default=None),
            greatest_flow_no=max(stage.flow_nos, default=None),
            unreadable=stage.unreadable.count,
            at=now,
        )

    @property
    def is_whole(self) -> bool:
        """Whether every record could be read: else one that it lacks may be one that could not."""
        return self.unreadable == 0

    @property
    def days(self) -> list[AccountDay]:
        return [(account, self.day) for account in self.accounts]


@dataclass(frozen=True)
class TouchedDays:
    """Account-days that change together and are locked, those of the answer first.

    Accounts and days stand side by side, as the statements want them; all calls of these days begin between `begin`
    and `end`. `hold_calls`: some of them have rows, or report rows of other days. `share_calls`: a record of the answer
    may be a row of another account.
    """

    touched_accounts: Sequence[int]
    touched_days: Sequence[date]
    begin: datetime
    end: datetime
    hold_calls: bool
    share_calls: bool

    @property
    def days(self) -> list[AccountDay]:
        return list(zip(self.touched_accounts, self.touched_days, strict=True))


class Interfered(Exception):
    """Another day brought one of these records at this moment; the next try finds it among the rows."""


def replace_day(*, switch: Switch, stage: Stage, now: datetime) -> None:
    """Make the staged records the day's rows. Readers see the old day until this commits, then the new one.

    Rows that did not change are not written. Raises Malformed when the day adds up to what no day can be.
    """
    stage.write()
    partitions.ensure(stage.months)
    answer = Answer.staged(stage, switch=switch, now=now)
    CallDay.objects.bulk_create(
        [CallDay(account_id=account, day=day) for account, day in answer.days], ignore_conflicts=True
    )
    with _refusing_impossible_sums():
        for tries_left in reversed(range(TRIES)):
            try:
                _replace(switch, answer, stage)
            except (Interfered, IntegrityError, OperationalError) as error:
                if not tries_left or not _is_interference(error):
                    raise
                time.sleep(PAUSE_SECONDS)
            else:
                break
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE staged_call")


def accounts_with_calls(accounts: Iterable[int], day: date) -> set[int]:
    """Which of the accounts have calls of that day here."""
    return set(CallDay.objects.filter(account__in=accounts, day=day, calls__gt=0).values_list("account_id", flat=True))


def _replace(switch: Switch, answer: Answer, stage: Stage) -> None:
    """Try it once, in one transaction. Raises Interfered."""
    with transaction.atomic(), connection.cursor() as cursor:
        repeated = _drop_repeated(cursor, answer)
        touched = _lock_days(cursor, answer, stage)
        if touched.hold_calls:
            if touched.share_calls:
                cursor.execute(sql.DROP_GONE_BEFORE, vars(answer))
                repeated.shared += cursor.fetchall()
            _replace_rows(cursor, answer, touched)
        else:
            _insert_rows(cursor, answer)
        _keep_shared(cursor, answer, repeated.shared)
        if stage.routing:
            stage.routing.keep(switch=switch)
        _add_up(cursor, answer, touched, stage.rounded)
        cursor.execute(sql.MARK_FETCHED, vars(answer))
        unreadable_records.keep(accounts=answer.accounts, day=answer.day, found=stage.unreadable, now=answer.at)
    stage.records -= repeated.dropped


@dataclass
class Repeated:
    """How many records were dropped because another of their number stands; those that are another account's row."""

    dropped: int = 0
    shared: list[tuple[int, int, Decimal]] = field(default_factory=list)


def _drop_repeated(cursor: CursorWrapper, answer: Answer) -> Repeated:
    """Drop what the answer repeats of an account's records, and the records that are to be another account's rows."""
    repeated = Repeated()
    cursor.execute(sql.ROOM_TO_SORT)
    cursor.execute(sql.REPEATED)
    if numbers := [flow_no for (flow_no,) in cursor.fetchall()]:
        cursor.execute(sql.DROP_REPEATED, {"repeated": numbers})
        repeated.dropped = cursor.rowcount
        cursor.execute(sql.DROP_SHARED, {**vars(answer), "repeated": numbers})
        repeated.shared = cursor.fetchall()
    cursor.execute(sql.ANALYZE_STAGED)
    return repeated


def _keep_shared(cursor: CursorWrapper, answer: Answer, shared: Sequence[tuple[int, int, Decimal]]) -> None:
    """Remember of each account which records its day reports though they are another account's rows."""
    if shared:
        accounts, numbers, fees = zip(*shared, strict=True)
        columns = {"shared_accounts": list(accounts), "shared_numbers": list(numbers), "shared_fees": list(fees)}
        cursor.execute(sql.KEEP_SHARED, {"day": answer.day, **columns})


def _lock_days(cursor: CursorWrapper, answer: Answer, stage: Stage) -> TouchedDays:
    """Lock the days of the answer, and other days that hold its records or report those that these days hold."""
    # Two days of an account may report one record: were both exchanged at once, neither would know of the other's.
    lock(Locked.CALLS_OF_ACCOUNT, *answer.accounts)
    cursor.execute(sql.OTHER_DAYS, vars(answer))
    found: set[AccountDay] = set(cursor.fetchall())
    days = answer.days + sorted(found - set(answer.days))
    accounts, dates = [account for account, _ in days], [day for _, day in days]
    cursor.execute(sql.LOCK_DAYS, {"touched_accounts": accounts, "touched_days": dates})
    # What was added up by the hour says where the rows are; a staged record may become a row of any of these days.
    hours = _hours_with_calls(days)
    starts = [from_millis(start) for start in stage.starts] or [noon(answer.day)]
    begin, end = min([*starts, *hours]), max([starts[-1] + MILLISECOND, *(hour + HOUR for hour in hours)])
    share_calls = any(day == answer.day or account not in answer.accounts for account, day in found)
    return TouchedDays(accounts, dates, begin, end, hold_calls=bool(found or hours), share_calls=share_calls)


def _insert_rows(cursor: CursorWrapper, answer: Answer) -> None:
    """Make all staged records new rows: there is nothing that they could be compared with."""
    cursor.execute(sql.NOTE_LATE, vars(answer))
    cursor.execute(sql.INSERT, vars(answer))


def _replace_rows(cursor: CursorWrapper, answer: Answer, touched: TouchedDays) -> None:
    """Make the rows of the touched days what the staged records say, and note what changed."""
    parameters = {**vars(answer), **vars(touched)}
    cursor.execute(sql.LOOK_UP_STAGED)
    if answer.is_whole:
        cursor.execute(sql.MOVE_BACK, parameters)
    cursor.execute(sql.NOTE_CHANGES, parameters)
    if cursor.rowcount:
        routing.drop_changed(parameters)
    cursor.execute(sql.NOTE_LATE, parameters)
    if answer.is_whole:
        cursor.execute(sql.DELETE_GONE, parameters)
    cursor.execute(sql.DELETE_MOVED, parameters)
    _check_locked(cursor.fetchall(), touched)
    if answer.is_whole:
        cursor.execute(sql.FORGET_ELSEWHERE, parameters)
    cursor.execute(sql.KEEP_ELSEWHERE, parameters)
    cursor.execute(sql.UPSERT, parameters)
    _check_locked(cursor.fetchall(), touched)


def _check_locked(written: Iterable[AccountDay], touched: TouchedDays) -> None:
    """Raise Interfered where a row was written of a day that is not among the locked ones: it came in since."""
    if not set(written) <= set(touched.days):
        raise Interfered


def _add_up(cursor: CursorWrapper, answer: Answer, touched: TouchedDays, rounded: Counter[int]) -> None:
    """Write what the calls of the touched days come to. `rounded` counts fees that the answer gave with more places."""
    totals.add_up(
        accounts=touched.touched_accounts,
        days=touched.touched_days,
        begin=touched.begin,
        end=touched.end,
        kept_from=kept_from(answer.at),
    )
    # Of another day that changes with this one, what was counted before still holds at most.
    of_days = [rounded[account] if day == answer.day else None for account, day in touched.days]
    cursor.execute(sql.ADD_UP, {**vars(touched), "rounded": of_days})


def _hours_with_calls(days: Collection[AccountDay]) -> list[datetime]:
    rows = CallTotal.objects.filter(
        account__in={account for account, _ in days}, day__in={day for _, day in days}
    ).values_list("account_id", "day", "hour")
    chosen = set(days)
    return [hour for account, day, hour in rows if (account, day) in chosen]


def _is_interference(error: Exception) -> bool:
    """Whether another day brought the same record at this moment, or each of two waited for the other's days."""
    return isinstance(error, Interfered) or isinstance(error.__cause__, UniqueViolation | DeadlockDetected)


@contextmanager
def _refusing_impossible_sums() -> Iterator[None]:
    try:
        yield
    except DataError as error:
        raise Malformed("GetCdr", "the calls of a day add up to what cannot be kept") from error
