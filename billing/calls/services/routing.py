"""Keeping the operator's own routing of calls, where the switch's setting says so.

It stands apart from the calls, so that nothing that reads calls for a customer can come upon it.
"""

from __future__ import annotations

import logging
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db import connection

from accounts.models import Switch
from billing.calls.models.routing import ROUTING
from billing.calls.queries.retention import NEAR_ITS_DAY
from billing.calls.services.record_times import Impossible, Near
from billing.lib.advisory_locks import Locked, lock
from billing.lib.days import noon
from billing.vos3000 import UnreadableRecord
from billing.vos3000.operations.calls import Cdr, RoutedCdr

logger = logging.getLogger(__name__)

ROWS_PER_COPY = 5000
NAMES = ", ".join(ROUTING)
COPIED = {"flow_no": "int8", "start": "int8", **dict.fromkeys(ROUTING, "text")}
COPY = f"COPY staged_routing ({', '.join(COPIED)}) FROM STDIN (FORMAT binary)"
MAKE_STAGE = f"""
    CREATE TEMPORARY TABLE IF NOT EXISTS staged_routing (
        {", ".join(f"{name} {kind} NOT NULL" for name, kind in COPIED.items())},
        place bigint GENERATED ALWAYS AS IDENTITY,
        started_at timestamptz GENERATED ALWAYS AS (to_timestamp(start / 1000.0::float8)) STORED
    );
    TRUNCATE staged_routing;
"""
# Of a record that one answer holds twice the later one counts, as for the call itself. Routing is not kept without its
# call, nor where the setting was changed while the answer came.
KEEP = f"""
    INSERT INTO calls_callrouting AS kept (switch_id, flow_no, started_at, {NAMES})
    SELECT DISTINCT ON (call.flow_no, call.started_at) call.switch_id, call.flow_no, call.started_at, {NAMES}
    FROM staged_routing staged JOIN calls_call call USING (flow_no, started_at)
    WHERE call.switch_id = %(switch)s AND call.started_at BETWEEN %(earliest)s AND %(latest)s
        AND (SELECT keep_routing FROM accounts_switch WHERE id = %(switch)s)
    ORDER BY call.flow_no, call.started_at, staged.place DESC
    ON CONFLICT (switch_id, flow_no, started_at) DO UPDATE
    SET {", ".join(f"{name} = excluded.{name}" for name in ROUTING)}
    WHERE ({", ".join(f"kept.{name}" for name in ROUTING)})
        IS DISTINCT FROM ({", ".join(f"excluded.{name}" for name in ROUTING)})
"""  # noqa: S608  # made of constants alone
# Drops the routing of calls that this answer changes, as was just noted; reads nothing where no routing is kept.
DROP_CHANGED = """
    DELETE FROM calls_callrouting kept USING calls_callchange changed
    WHERE EXISTS (SELECT 1 FROM calls_callrouting WHERE switch_id = %(switch)s)
        AND changed.account_id = ANY(%(touched_accounts)s::bigint[]) AND changed.noticed_at = %(at)s
        AND kept.switch_id = %(switch)s AND kept.flow_no = changed.flow_no
        AND kept.flow_no BETWEEN %(least_flow_no)s AND %(greatest_flow_no)s
        AND kept.started_at BETWEEN %(earliest)s AND %(latest)s
        AND EXISTS (SELECT 1 FROM staged_call staged WHERE staged.flow_no = kept.flow_no)
"""


def drop_changed(parameters: Mapping[str, Any]) -> None:
    """Drop the routing of records that were just noted as changed; `RoutingStage.keep` writes what still holds again.

    The parameters are those of the statements that replace the day.
    """
    with connection.cursor() as cursor:
        cursor.execute(DROP_CHANGED, parameters)


@dataclass
class RoutingStage:
    """The routing of the records of one day, on its way into the table. Memory holds one batch of them."""

    day: date
    accounts: Container[str]
    unreadable: int = 0
    _batch: list[tuple[int | str, ...]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._near = Near.day(self.day)
        with connection.cursor() as cursor:
            cursor.execute(MAKE_STAGE)

    def noting(self, records: Iterable[Cdr | UnreadableRecord]) -> Iterator[Cdr | UnreadableRecord]:
        """Pass the records on, once their routing is staged."""
        for record in records:
            if isinstance(record, RoutedCdr) and record.account in self.accounts:
                self._batch.append((record.flow_no, self._start(record), *self._routing(record)))
                if len(self._batch) >= ROWS_PER_COPY:
                    self._write()
            yield record
        self._write()

    def keep(self, *, switch: Switch) -> None:
        """Keep the routing of calls in the transaction that writes the calls. What did not change is not written."""
        middle = noon(self.day)
        near: dict[str, Any] = {"switch": switch.pk, "earliest": middle - NEAR_ITS_DAY, "latest": middle + NEAR_ITS_DAY}
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE staged_routing (flow_no)")
            # Those who keep some of a switch's share it; the one who forgets all of it has it alone.
            lock(Locked.ROUTING_OF_SWITCH, switch.pk, shared=True)
            cursor.execute(KEEP, near)
        if self.unreadable:
            logger.warning("%s, %s: texts of routing that cannot be read: %s", switch, self.day, self.unreadable)

    def _start(self, record: Cdr) -> int:
        """Return when the call began, as its row says; a record that cannot be read has no row."""
        try:
            return self._near.begin_and_end(record)[0]
        except Impossible:
            return record.start

    def _routing(self, record: RoutedCdr) -> Iterator[str]:
        for name in ROUTING:
            text = record.routed(name)
            self.unreadable += text is None
            yield text or ""

    def _write(self) -> None:
        with connection.cursor() as cursor, cursor.copy(COPY) as copy:
            copy.set_types(list(COPIED.values()))
            for row in self._batch:
                copy.write_row(row)
        self._batch.clear()
