"""The outcome of each row of a batch, as a file for a spreadsheet."""

from __future__ import annotations

import csv

from django.http import HttpResponse
from django.utils.cache import add_never_cache_headers

from billing.batches.models import Batch
from billing.batches.queries import Row, rows
from billing.lib.spreadsheets import MARK, harmless

COLUMNS = ("line", "account", "name", "amount", "note", "state", "top-up", "why")


def results_of(batch: Batch) -> HttpResponse:
    response = HttpResponse(MARK, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{batch.reference}.csv"'
    add_never_cache_headers(response)
    writer = csv.writer(response)
    writer.writerow(COLUMNS)
    for row in rows(batch=batch):
        writer.writerow([harmless(cell) for cell in _cells(row)])
    return response


def _cells(row: Row) -> tuple[str, ...]:
    return (
        str(row.line),
        row.number,
        row.account.name if row.account else "",
        row.written if row.amount is None else f"{row.amount.normalize():f}",
        row.note,
        str(row.outcome.label),
        row.topup.reference if row.topup else "",
        str(row.why or row.warning or ""),
    )
