"""Files of calls, beside the quickest that PostgreSQL and XlsxWriter have; and the memory that they take."""

from __future__ import annotations

from collections import deque
from datetime import date, datetime
from io import BytesIO
from zoneinfo import ZoneInfo

from django.db import connection
from django.http import QueryDict
from xlsxwriter import Workbook

from accounts.models import Account
from bench.calls.children import MEGABYTE
from bench.calls.exporting import Exported, Kind, export_apart
from bench.calls.report import Findings
from bench.calls.timing import in_turn
from bench.calls.world import World
from billing.call_history.queries.rows import Row
from billing.call_history.tables import CallTable, table_of
from billing.calls.models import Call
from billing.lib.days import end_of
from billing.lib.spreadsheets import csv_of, xlsx_to

ROUNDS = 3
# So many rows, or as many as there are.
CSV_ROWS, XLSX_ROWS = 250_000, 50_000
TIMES_MORE = 4
ZONE = ZoneInfo("UTC")
COPY = """
    COPY (
        SELECT started_at, caller, callee, talk_seconds, billed_seconds, fee FROM calls_call
        WHERE account_id = {account} AND started_at < '{end}' ORDER BY started_at DESC, flow_no DESC
    ) TO STDOUT (FORMAT csv)
"""


def measure(world: World, findings: Findings) -> None:
    _measure_csv(world, findings)
    _measure_xlsx(world, findings)
    for kind, rows in {Kind.CSV: CSV_ROWS, Kind.XLSX: XLSX_ROWS}.items():
        few = min(rows, Call.objects.filter(account=world.largest).count() // TIMES_MORE)
        less, more = (_exported(world, kind, count) for count in (few, few * TIMES_MORE))
        findings.figure(f"files: MB at most while making {kind} of {more.rows:,} rows", more.most / MEGABYTE)
        findings.most(f"memory of {kind} of {TIMES_MORE} times as many rows", more.most / less.most, 1.1)


def _measure_csv(world: World, findings: Findings) -> None:
    table = _oldest(world.largest, CSV_ROWS, world.plan.last)
    rows = table.count()
    took = in_turn(
        ROUNDS,
        {"ours": lambda: deque(csv_of(table.columns, table.rows()), maxlen=0), "COPY TO": lambda: _copy_to(table)},
    )
    for name, seconds in took.items():
        findings.figure(f"files: rows/s, CSV, {name}", rows / seconds)
    findings.least("CSV rows/s over PostgreSQL's own COPY TO", took["COPY TO"] / took["ours"], 0.15)


def _measure_xlsx(world: World, findings: Findings) -> None:
    table = _oldest(world.largest, XLSX_ROWS, world.plan.last)
    ready = list(table.rows())
    took = in_turn(
        ROUNDS,
        {"ours": lambda: xlsx_to(BytesIO(), table.columns, table.rows()), "bare XlsxWriter": lambda: _bare_xlsx(ready)},
    )
    for name, seconds in took.items():
        findings.figure(f"files: rows/s, XLSX, {name}", len(ready) / seconds)
    findings.least("XLSX rows/s over bare XlsxWriter", took["bare XlsxWriter"] / took["ours"], 0.8)


def _oldest(account: Account, rows: int, today: date) -> CallTable:
    """Of the days until about so many rows are reached."""
    calls = Call.objects.filter(account=account).order_by("started_at", "flow_no")
    reached: datetime = calls.values_list("started_at", flat=True)[min(rows, calls.count()) - 1]
    asked = QueryDict(f"from=2000-01-01&to={reached:%Y-%m-%d}")
    return table_of(account=account, asked=asked, zone=ZONE, today=today)


def _copy_to(table: CallTable) -> None:
    asked = COPY.format(account=table.account.pk, end=end_of(table.last, ZONE).isoformat())
    with connection.cursor() as cursor, cursor.copy(asked) as copy:
        deque(copy, maxlen=0)


def _bare_xlsx(rows: list[Row]) -> None:
    with Workbook(BytesIO(), {"constant_memory": True}) as book:
        moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        sheet = book.add_worksheet()
        for line, (began, caller, callee, talked, billed, fee) in enumerate(rows):
            sheet.write_datetime(line, 0, began, moment)
            sheet.write_string(line, 1, caller)
            sheet.write_string(line, 2, callee)
            sheet.write_number(line, 3, talked)
            sheet.write_number(line, 4, billed)
            sheet.write_number(line, 5, fee)


def _exported(world: World, kind: Kind, rows: int) -> Exported:
    table = _oldest(world.largest, rows, world.plan.last)
    return export_apart(world.environ, kind, world.largest.pk, table.last)
