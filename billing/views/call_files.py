"""The calls that the page of the same filter lists, as a file."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from zoneinfo import ZoneInfo

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
from billing.forms.calls import CallFilterForm
from billing.forms.days import SHOWN_DAYS
from billing.models import Call
from billing.queries import history
from billing.queries.days import day_of
from billing.views.access import account_page, zone_of
from billing.views.http import Request
from billing.views.sheets import Cell, csv_of, xlsx_of
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
    form = CallFilterForm(request.GET, zone=zone, today=day_of(now, zone))
    chosen = form.chosen()
    first, last = form.days()
    found = history.totals(account=account, filter=chosen).calls
    if found > MOST_CALLS:
        return redirect(f"{reverse('calls', args=[account.public_id])}{turned(request.GET)}")
    if (last - first).days >= SHOWN_DAYS and not history.has_older(account=account, filter=chosen):
        fresh.require_fresh_login(request)
    text = f"{found} calls of {first} to {last} as {kind.upper()}"
    audit.note(action=AuditAction.EXPORTED, now=now, by=access, text=text)
    columns = _columns(zone, account.switch.currency)
    rows = _rows(history.each(account=account, filter=chosen), zone)
    return _sent(FileKind(kind), f"calls-{first}-{last}.{kind}", columns, rows)


def links(access: Access, query: str) -> list[tuple[str, str]]:
    """Title and address of each kind of file."""
    return [
        (kind.upper(), reverse("calls_file", args=[access.account.public_id, kind.value]) + query) for kind in FileKind
    ]


def _columns(zone: ZoneInfo, currency: str) -> tuple[str, ...]:
    return (f"Began ({zone.key})", "From", "To", "Seconds talked", "Seconds billed", f"Cost ({currency})")


def _rows(calls: Iterator[Call], zone: ZoneInfo) -> Iterator[tuple[Cell, ...]]:
    for call in calls:
        yield (
            call.started_at.astimezone(zone),
            call.caller,
            call.callee,
            call.talk_seconds,
            call.billed_seconds,
            call.fee,
        )


def _sent(
    kind: FileKind, name: str, columns: tuple[str, ...], rows: Iterator[tuple[Cell, ...]]
) -> StreamingHttpResponse:
    response: StreamingHttpResponse
    if kind == FileKind.XLSX:
        response = FileResponse(xlsx_of(columns, rows), content_type=XLSX)
    else:
        response = StreamingHttpResponse(csv_of(columns, rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    add_never_cache_headers(response)
    return response
