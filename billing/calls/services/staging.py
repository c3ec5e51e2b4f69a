"""Staging call records: they are checked while they stream in, and copied into a temporary table of the session."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from django.db import connection

from accounts.models import Account
from accounts.models.account import LONGEST_NUMBER
from billing.calls.models import NOT_STATED, RecordFault
from billing.calls.services import partitions
from billing.calls.services.record_times import Impossible, Near
from billing.calls.services.unreadable_records import UnreadableRecords, excerpt_of
from billing.lib.amounts import ZERO, stored
from billing.lib.instants import from_millis
from billing.lib.reasons import Because
from billing.vos3000.operations.calls import Cdr

if TYPE_CHECKING:
    from billing.calls.services.routing import RoutingStage

ROWS_PER_COPY = 5000
BIGINT_MAX, INT_MAX, SMALLINT_MAX = 2**63 - 1, 2**31 - 1, 2**15 - 1

# Columns of the staged records with their types; milliseconds become instants in the database.
COPIED = {
    "account_id": "int8",
    "flow_no": "int8",
    "start": "int8",
    "stop": "int8",
    "caller": "text",
    "callee": "text",
    "talk_seconds": "int4",
    "billed_seconds": "int4",
    "fee": "numeric",
    "fee_prefix": "text",
    "package_fee": "numeric",
    "package_seconds": "int4",
    "agent_number": "text",
    "agent_fee": "numeric",
    "call_level": "int2",
    "end_direction": "int2",
    "end_reason": "int4",
    "billing_mode": "int2",
    "callee_billing": "int2",
}
ACCOUNT, FLOW_NO, START, FEE = (list(COPIED).index(name) for name in ("account_id", "flow_no", "start", "fee"))
COPY = f"COPY staged_call ({', '.join(COPIED)}) FROM STDIN (FORMAT binary)"
MAKE_STAGE = f"""
    CREATE TEMPORARY TABLE IF NOT EXISTS staged_call (
        {", ".join(f"{name} {kind} NOT NULL" for name, kind in COPIED.items())},
        place bigint GENERATED ALWAYS AS IDENTITY,
        started_at timestamptz GENERATED ALWAYS AS (to_timestamp(start / 1000.0::float8)) STORED,
        ended_at timestamptz GENERATED ALWAYS AS (to_timestamp(stop / 1000.0::float8)) STORED
    );
    TRUNCATE staged_call;
    DROP INDEX IF EXISTS staged_call_number;
"""


@dataclass
class Stage:
    """The records of one day of some accounts, which are given by their numbers. Memory holds one batch of them."""

    day: date
    accounts: Mapping[str, int]
    routing: RoutingStage | None = None
    records: int = 0
    unreadable: UnreadableRecords = field(default_factory=UnreadableRecords)
    # How many fees of each account had more places than are kept.
    rounded: Counter[int] = field(default_factory=Counter)
    accounts_with_records: set[int] = field(default_factory=set)
    # When the first and the last record begin, in milliseconds; the least and the greatest number of a record.
    starts: list[int] = field(default_factory=list)
    flow_nos: list[int] = field(default_factory=list)
    _batch: list[tuple[Any, ...]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._near = Near.day(self.day)
        with connection.cursor() as cursor:
            cursor.execute(MAKE_STAGE)

    def add(self, record: Cdr) -> None:
        """Stage a record of one of the accounts, or note why it cannot be read; records of others are passed over."""
        account = self.accounts.get(record.account)
        if account is None:
            return
        try:
            row = self._row(account, record)
        except ValueError as error:
            fault = error.fault if isinstance(error, Impossible) else RecordFault.NOT_MONEY
            self.unreadable.add(Because(fault), excerpt_of(record))
            return
        self._batch.append(row)
        if row[FEE] != record.fee:
            self.rounded[account] += 1
        if len(self._batch) >= ROWS_PER_COPY:
            self.write()

    def leave_out(self, accounts: Iterable[Account]) -> None:
        """Leave out accounts without a record here, whose day is to stay as it is."""
        pks = {account.pk for account in accounts}
        self.accounts = {number: pk for number, pk in self.accounts.items() if pk not in pks}

    def write(self) -> None:
        """Copy the batch into the temporary table."""
        if not self._batch:
            return
        with connection.cursor() as cursor, cursor.copy(COPY) as copy:
            copy.set_types(list(COPIED.values()))
            for row in self._batch:
                copy.write_row(row)
        self.starts = _ends(self.starts + [row[START] for row in self._batch])
        self.flow_nos = _ends(self.flow_nos + [row[FLOW_NO] for row in self._batch])
        self.accounts_with_records.update({row[ACCOUNT] for row in self._batch})
        self.records += len(self._batch)
        self._batch.clear()

    @property
    def months(self) -> set[date]:
        return {partitions.month_of(from_millis(start)) for start in self.starts}

    def _row(self, account: int, record: Cdr) -> tuple[Any, ...]:
        """Raise ValueError for a record that no call of that day can have: Impossible where no amount is the fault."""
        start, stop = record.start, record.stop
        if not self._near.earliest <= start <= self._near.latest or stop < start:
            start, stop = self._near.begin_and_end(record)
        if record.hold_time > INT_MAX or record.fee_time > INT_MAX:
            raise Impossible(RecordFault.OTHER_LENGTH)
        if not -BIGINT_MAX <= record.flow_no <= BIGINT_MAX or len(record.agent_account) > LONGEST_NUMBER:
            raise Impossible(RecordFault.OTHER_KIND)
        return (
            account,
            record.flow_no,
            start,
            stop,
            record.caller,
            record.callee,
            max(record.hold_time, 0),
            max(record.fee_time, 0),
            stored(record.fee),
            record.fee_prefix,
            stored(record.suite_fee) if record.suite_fee else ZERO,
            _code(record.suite_fee_time, INT_MAX),
            record.agent_account,
            stored(record.agent_fee) if record.agent_fee else ZERO,
            _code(record.call_level, SMALLINT_MAX),
            _code(record.end_direction, SMALLINT_MAX),
            _code(record.end_reason, INT_MAX),
            _code(record.billing_mode, SMALLINT_MAX),
            _code(record.callee_billing, SMALLINT_MAX),
        )


def _code(code: int | None, largest: int) -> int:
    if code is None:
        return NOT_STATED
    if not -largest <= code <= largest:
        raise Impossible(RecordFault.OTHER_SIZE_OF_CODE)
    return code


def _ends(numbers: list[int]) -> list[int]:
    return [min(numbers), max(numbers)]
