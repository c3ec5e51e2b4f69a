"""The calls that the page of the same filter lists, as a file that is sent at once."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile

from django.http import FileResponse, Http404, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.views.decorators.http import require_GET

from accounts.access import Access
from accounts.web import fresh_login
from billing.call_history.queries.page_totals import TooMany, in_time
from billing.call_history.tables import CallTable, file_name, table_of
from billing.exports.models import FileKind
from billing.exports.services import requests
from billing.lib.days import day_of
from billing.lib.spreadsheets import csv_of, xlsx_to
from billing.web.account_page import account_page, zone_of
from billing.web.links import page_link
from billing.web.rendering import Request
from billing.web.request_limits import EXPORT, throttled

# More would keep a process of the web server busy for too long.
MOST_CALLS = 100_000
LONGEST_TO_COUNT = timedelta(seconds=5)
TYPES = {
    FileKind.CSV: "text/csv; charset=utf-8",
    FileKind.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@require_GET
@account_page()
@throttled(EXPORT, method="GET")
def calls_file(request: Request, access: Access, kind: str) -> HttpResponseBase:
    """Send the file, or lead to the page that has a worker prepare it where the calls are too many to send or count."""
    if kind not in FileKind.values:
        raise Http404("No such file")
    now, zone, account = timezone.now(), zone_of(access), access.account
    table = table_of(account=account, asked=request.GET, zone=zone, today=day_of(now, zone))
    try:
        with in_time(LONGEST_TO_COUNT):
            found = table.count(most=MOST_CALLS)
    except TooMany:
        found = None
    if found is None or found > MOST_CALLS:
        return redirect(f"{reverse('exports', args=[account.public_id])}{page_link(request.GET)}")
    try:
        requests.sent(
            access=access,
            table=table,
            kind=FileKind(kind),
            rows=found,
            is_fresh=fresh_login.is_fresh(request),
            now=now,
        )
    except requests.FreshLoginWanted:
        fresh_login.require(request)
    return _sent(table, FileKind(kind))


def as_file(response: StreamingHttpResponse, name: str) -> StreamingHttpResponse:
    """Mark an answer as a file to keep, which no cache on the way may keep too."""
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    add_never_cache_headers(response)
    return response


def _sent(table: CallTable, kind: FileKind) -> StreamingHttpResponse:
    response: StreamingHttpResponse
    if kind == FileKind.XLSX:
        file = TemporaryFile()  # noqa: SIM115  # the response closes it, and then it is gone
        with TemporaryDirectory() as folder:
            xlsx_to(file, table.columns, table.rows(), folder=Path(folder))
        file.seek(0)
        response = FileResponse(file, content_type=TYPES[kind])
    else:
        response = StreamingHttpResponse(csv_of(table.columns, table.rows()), content_type=TYPES[kind])
    return as_file(response, file_name(table.first, table.last, kind.value))
