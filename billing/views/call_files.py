"""The calls that the page of the same filter lists, as a file."""

from __future__ import annotations

from enum import StrEnum
from tempfile import TemporaryFile

from django.http import FileResponse, Http404, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.views.decorators.http import require_GET

from accounts import audit, fresh
from accounts.access import Access
from accounts.models import AuditAction
from billing.forms.days import SHOWN_DAYS
from billing.queries import history
from billing.queries.days import day_of
from billing.services.call_tables import CallTable, table_of
from billing.services.sheets import csv_of, xlsx_to
from billing.views.access import account_page, zone_of
from billing.views.http import Request
from billing.views.steps import EXPORT, limited
from billing.views.turning import turned

# More would keep a process of the web server busy for too long.
MOST_CALLS = 100_000
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class FileKind(StrEnum):
    CSV = "csv"
    XLSX = "xlsx"


@require_GET
@account_page()
@limited(EXPORT, method="GET")
def calls_file(request: Request, access: Access, kind: str) -> HttpResponseBase:
    """Where there are too many, back to the page, which says so. The whole history wants a fresh login."""
    if kind not in list(FileKind):
        raise Http404("No such file")
    now, zone, account = timezone.now(), zone_of(access), access.account
    table = table_of(account=account, asked=request.GET, zone=zone, today=day_of(now, zone))
    found = table.count(most=MOST_CALLS)
    if found > MOST_CALLS:
        return redirect(f"{reverse('calls', args=[account.public_id])}{turned(request.GET)}")
    is_long = (table.last - table.first).days >= SHOWN_DAYS
    if is_long and not history.has_older(account=account, filter=table.filter):
        fresh.require_fresh_login(request)
    text = f"{found} calls of {table.first} to {table.last} as {kind.upper()}"
    audit.note(action=AuditAction.EXPORTED, now=now, by=access, text=text)
    return _sent(table, FileKind(kind))


def links(access: Access, query: str) -> list[tuple[str, str]]:
    """Title and address of each kind of file."""
    return [
        (kind.upper(), reverse("calls_file", args=[access.account.public_id, kind.value]) + query) for kind in FileKind
    ]


def _sent(table: CallTable, kind: FileKind) -> StreamingHttpResponse:
    response: StreamingHttpResponse
    if kind == FileKind.XLSX:
        file = TemporaryFile()  # noqa: SIM115  # the response closes it, and then it is gone
        xlsx_to(file, table.columns, table.rows())
        file.seek(0)
        response = FileResponse(file, content_type=XLSX)
    else:
        response = StreamingHttpResponse(csv_of(table.columns, table.rows()), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{table.file_name(kind.value)}"'
    add_never_cache_headers(response)
    return response
