"""The way of call records into the table: staged while they stream, then one day exchanged for another at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db import DataError, connection, transaction

from accounts.models import Switch
from billing.models import NOT_STATED, CallDay
from billing.services import call_totals, partitions, set_aside
from billing.services.profiles import LONGEST_NUMBER
from billing.services.rounding import has_stored_places, stored
from billing.services.set_aside import SetAside, excerpt_of
from billing.vos3000 import Cdr, Malformed

ROWS_PER_COPY = 2000
# A call starts near the day that reports it. What does not is taken for unreadable and opens no partition.
NEAR_ITS_DAY = timedelta(days=8)
# How far an edited record may have moved in time and still be found under its number.
MOVED_AT_MOST = timedelta(days=35)
BIGINT_MAX, INT_MAX, SMALLINT_MAX = 2**63 - 1, 2**31 - 1, 2**15 - 1

COLUMNS = (
    "account_id, flow_no, started_at, ended_at, caller, callee, talk_seconds, billed_seconds, fee, fee_prefix,"
    " package_fee, package_seconds, agent_number, agent_fee, call_level, end_direction, end_reason, billing_mode,"
    " callee_billing"
)
COMPARED = [name.strip() for name in COLUMNS.split(",") if name.strip() not in ("flow_no", "started_at")]

MAKE_STAGE = """
    CREATE TEMPORARY TABLE IF NOT EXISTS staged_call (
        place bigint GENERATED ALWAYS AS IDENTITY,
        account_id bigint, flow_no bigint, started_at timestamptz, ended_at timestamptz, caller text, callee text,
        talk_seconds integer, billed_seconds integer, fee numeric(18, 6), fee_prefix text, package_fee numeric(18, 6),
        package_seconds integer, agent_number text, agent_fee numeric(18, 6), call_level smallint,
        end_direction smallint, end_reason integer, billing_mode smallint, callee_billing smallint
    );
    TRUNCATE staged_call;
"""
# Of a record that one answer holds twice, the later one counts.
DROP_REPEATED = """
    DELETE FROM staged_call earlier USING staged_call later
    WHERE later.flow_no = earlier.flow_no AND later.place > earlier.place
"""
# Days that hold a record which these accounts' day reports as well, or held it before it was edited.
OTHER_DAYS = """
    SELECT DISTINCT call.account_id, call.day FROM billing_call call JOIN staged_call staged USING (flow_no)
    WHERE call.switch_id = %(switch)s AND call.started_at BETWEEN %(earliest)s AND %(latest)s
        AND (call.account_id <> staged.account_id OR call.day <> %(day)s)
"""
LOCK_DAYS = """
    SELECT 1 FROM billing_callday held JOIN unnest(%(accounts)s::bigint[], %(days)s::date[]) AS wanted (account_id, day)
        USING (account_id, day)
    ORDER BY held.account_id, held.day FOR UPDATE OF held
"""
# What a case of the balance is told by: the balance moved by what a record cost when it was booked.
NOTE_CHANGES = """
    INSERT INTO billing_callchange (
        account_id, flow_no, ended_at, agent_number, fee, agent_fee, is_gone, caller, callee, talk_seconds, noticed_at)
    SELECT call.account_id, call.flow_no, call.ended_at, call.agent_number, coalesce(staged.fee, 0) - call.fee,
        coalesce(staged.agent_fee, 0) - call.agent_fee, staged.flow_no IS NULL, call.caller, call.callee,
        call.talk_seconds, %(at)s
    FROM billing_call call LEFT JOIN staged_call staged USING (account_id, flow_no)
    WHERE call.account_id = ANY(%(accounts)s) AND call.day = %(day)s
        AND (call.fee, call.agent_fee) IS DISTINCT FROM (staged.fee, staged.agent_fee)
"""
DELETE_GONE = """
    DELETE FROM billing_call call WHERE call.account_id = ANY(%(accounts)s) AND call.day = %(day)s AND NOT EXISTS (
        SELECT 1 FROM staged_call staged WHERE staged.flow_no = call.flow_no AND staged.started_at = call.started_at
    )
"""
DELETE_MOVED = """
    DELETE FROM billing_call call USING staged_call staged
    WHERE call.switch_id = %(switch)s AND call.flow_no = staged.flow_no AND call.started_at <> staged.started_at
        AND call.started_at BETWEEN %(earliest)s AND %(latest)s
"""
# A record that two days report is the row of the day on which it started, when that is one of them.
KEPT_DAY = """
    CASE WHEN call.account_id = excluded.account_id
            AND excluded.day <> (excluded.started_at AT TIME ZONE %(zone)s)::date
        THEN call.day ELSE excluded.day END
"""
UPSERT = f"""
    INSERT INTO billing_call AS call (switch_id, day, {COLUMNS})
    SELECT %(switch)s, %(day)s, {COLUMNS} FROM staged_call ORDER BY flow_no
    ON CONFLICT (switch_id, flow_no, started_at) DO UPDATE
    SET day = {KEPT_DAY}, {", ".join(f"{name} = excluded.{name}" for name in COMPARED)}
    WHERE (call.day, {", ".join(f"call.{name}" for name in COMPARED)})
        IS DISTINCT FROM ({KEPT_DAY}, {", ".join(f"excluded.{name}" for name in COMPARED)})
"""  # noqa: S608  # made of the names above alone
# A day stays proven only while its rows still add up to what proved it.
ADD_UP = """
    UPDATE billing_callday held
    SET calls = summed.calls, answered = summed.answered, talk_seconds = summed.talk_seconds,
        billed_seconds = summed.billed_seconds, fee = summed.fee, rounded = coalesce(summed.rounded, held.rounded),
        state = CASE
            WHEN held.state <> 'proven' THEN held.state
            WHEN held.reported_calls = summed.calls AND abs(held.reported_fee - summed.fee)
                <= coalesce(summed.rounded, held.rounded) * 0.000001 THEN 'proven'
            ELSE 'differs' END
    FROM (
        SELECT wanted.account_id, wanted.day, wanted.rounded, count(call.id) AS calls,
            count(call.id) FILTER (WHERE call.talk_seconds > 0) AS answered,
            coalesce(sum(call.talk_seconds), 0) AS talk_seconds,
            coalesce(sum(call.billed_seconds), 0) AS billed_seconds, coalesce(sum(call.fee), 0) AS fee
        FROM unnest(%(accounts)s::bigint[], %(days)s::date[], %(rounded)s::int[]) AS wanted (account_id, day, rounded)
        LEFT JOIN billing_call call ON call.account_id = wanted.account_id AND call.day = wanted.day
        GROUP BY wanted.account_id, wanted.day, wanted.rounded
    ) summed
    WHERE held.account_id = summed.account_id AND held.day = summed.day
"""
MARK_FETCHED = """
    UPDATE billing_callday
    SET fetched_at = %(at)s, unreadable = %(unreadable)s, failed_at = NULL, failure = '',
        state = CASE WHEN state = 'proven' AND %(unreadable)s = 0 THEN state ELSE 'fetched' END
    WHERE account_id = ANY(%(accounts)s) AND day = %(day)s
"""


@dataclass
class Stage:
    """The records of one day of some accounts, on their way. Memory holds one batch of them."""

    day: date
    accounts: Mapping[str, int]
    on_batch: Callable[[], None] = lambda: None
    records: int = 0
    unreadable: SetAside = field(default_factory=SetAside)
    rounded: Counter[int] = field(default_factory=Counter)
    talked: set[int] = field(default_factory=set)
    months: set[date] = field(default_factory=set)
    _batch: list[tuple[Any, ...]] = field(default_factory=list)

    def __post_init__(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(MAKE_STAGE)

    def add(self, record: Cdr) -> None:
        account = self.accounts.get(record.account)
        if account is None:
            return
        try:
            self._check(record)
            self._batch.append(_row(account, record))
        except ValueError as error:
            self.unreadable.add(str(error), excerpt_of(record))
            return
        self.records += 1
        self.rounded[account] += not has_stored_places(record.fee)
        self.talked.add(account)
        self.months.add(partitions.month_of(record.started_at))
        if len(self._batch) >= ROWS_PER_COPY:
            self.write()

    def write(self) -> None:
        with connection.cursor() as cursor, cursor.copy(f"COPY staged_call ({COLUMNS}) FROM STDIN") as copy:
            for row in self._batch:
                copy.write_row(row)
        self._batch.clear()
        self.on_batch()

    def _check(self, record: Cdr) -> None:
        if abs(record.started_at - _noon(self.day)) > NEAR_ITS_DAY or record.stop < record.start:
            raise ValueError("a call at another time")
        if not 0 <= record.hold_time <= INT_MAX or not 0 <= record.fee_time <= INT_MAX:
            raise ValueError("a call of another length")
        if abs(record.flow_no) > BIGINT_MAX or len(record.agent_account) > LONGEST_NUMBER:
            raise ValueError("a call of another kind")


def _noon(day: date) -> datetime:
    return datetime.combine(day, time(12), UTC)


def _row(account: int, record: Cdr) -> tuple[Any, ...]:
    return (
        account,
        record.flow_no,
        record.started_at,
        record.stopped_at,
        record.caller,
        record.callee,
        record.hold_time,
        record.fee_time,
        stored(record.fee),
        record.fee_prefix,
        stored(record.suite_fee),
        _code(record.suite_fee_time, INT_MAX),
        record.agent_account,
        stored(record.agent_fee),
        _code(record.call_level, SMALLINT_MAX),
        _code(record.end_direction, SMALLINT_MAX),
        _code(record.end_reason, INT_MAX),
        _code(record.billing_mode, SMALLINT_MAX),
        _code(record.callee_billing, SMALLINT_MAX),
    )


def _code(code: int | None, largest: int) -> int:
    if code is None:
        return NOT_STATED
    if abs(code) > largest:
        raise ValueError("a code of another size")
    return int(code)


def exchange(*, switch: Switch, stage: Stage, now: datetime) -> None:
    """Make the staged records the day's rows. Readers see the old day until this commits, then the new one.

    Rows that did not change are not written. Raises Malformed when the day adds up to what no day can be.
    """
    stage.write()
    partitions.ensure(stage.months)
    accounts = sorted(stage.accounts.values())
    CallDay.objects.bulk_create(
        [CallDay(account_id=account, day=stage.day) for account in accounts], ignore_conflicts=True
    )
    noon = _noon(stage.day)
    parameters: dict[str, Any] = {
        "switch": switch.pk,
        "zone": switch.time_zone,
        "day": stage.day,
        "earliest": noon - MOVED_AT_MOST,
        "latest": noon + MOVED_AT_MOST,
        "unreadable": stage.unreadable.count,
        "at": now,
    }
    with _sums_that_fit(), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(DROP_REPEATED)
        stage.records -= cursor.rowcount
        cursor.execute("ANALYZE staged_call")
        cursor.execute(OTHER_DAYS, parameters)
        touched = sorted({(account, stage.day) for account in accounts} | set(cursor.fetchall()))
        affected: dict[str, list[Any]] = {
            "accounts": [account for account, _ in touched],
            "days": [day for _, day in touched],
            # Of another day that changes with this one, what was counted before still holds at most.
            "rounded": [
                stage.rounded[account] if day == stage.day and account in accounts else None for account, day in touched
            ],
        }
        cursor.execute(LOCK_DAYS, affected)
        cursor.execute(NOTE_CHANGES, {**parameters, "accounts": accounts})
        cursor.execute(DELETE_GONE, {**parameters, "accounts": accounts})
        cursor.execute(DELETE_MOVED, parameters)
        cursor.execute(UPSERT, parameters)
        cursor.execute(ADD_UP, affected)
        call_totals.add_up(accounts=affected["accounts"], days=affected["days"])
        cursor.execute(MARK_FETCHED, {**parameters, "accounts": accounts})
        cursor.execute("TRUNCATE staged_call")
        set_aside.keep(accounts=accounts, day=stage.day, found=stage.unreadable, now=now)


@contextmanager
def _sums_that_fit() -> Iterator[None]:
    try:
        yield
    except DataError as error:
        raise Malformed("GetCdr", "the calls of a day add up to what cannot be kept") from error


def with_rows(accounts: Iterable[int], day: date) -> set[int]:
    """Those of the accounts that hold calls of that day."""
    return set(CallDay.objects.filter(account__in=accounts, day=day, calls__gt=0).values_list("account_id", flat=True))
