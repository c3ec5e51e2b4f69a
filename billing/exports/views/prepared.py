"""Files of calls that a worker prepares: asked for, watched, stopped, downloaded. Each is its asker’s alone."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.contrib import messages
from django.http import FileResponse, Http404, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_safe

from accounts.access import Access
from accounts.web import fresh_login
from billing.call_history.tables import file_name, table_of
from billing.exports import queries
from billing.exports.forms import ExportForm
from billing.exports.models import Export, ExportState, FileKind
from billing.exports.services import requests as services
from billing.exports.services.requests import ExportRefused, FreshLoginWanted
from billing.exports.views.direct import TYPES, as_file
from billing.lib.days import day_of
from billing.web.account_page import account_page, zone_of
from billing.web.rendering import Request, render_account_page
from billing.web.throttling import EXPORT, throttled

# From when on a page says that no worker seems to be at it.
QUIET_FOR = timedelta(minutes=1)

action = require_http_methods(["GET", "HEAD", "POST"])


@require_safe
@account_page()
def exports(request: Request, access: Access) -> HttpResponse:
    """The files so far, and a form that asks for the calls of the filter in the address."""
    now, zone = timezone.now(), zone_of(access)
    context = {
        "table": table_of(account=access.account, asked=request.GET, zone=zone, today=day_of(now, zone)),
        "kinds": FileKind.choices,
        "exports": [(export, services.table(export).words) for export in queries.latest(access=access)],
        "hours": settings.EXPORT_HOURS,
    }
    return render_account_page(request, access, "exports/exports.html", context, now=now)


@action
@account_page()
@throttled(EXPORT)
def export_ask(request: Request, access: Access) -> HttpResponse:
    form = ExportForm(request.POST)
    if request.method != "POST" or not form.is_valid():
        return redirect("exports", access.account.public_id)
    now, zone, asked = timezone.now(), zone_of(access), form.cleaned_data["asked"]
    table = table_of(account=access.account, asked=QueryDict(asked), zone=zone, today=day_of(now, zone))
    kind, is_fresh = FileKind(form.cleaned_data["kind"]), fresh_login.is_fresh(request)
    try:
        export = services.ask(access=access, table=table, kind=kind, is_fresh=is_fresh, now=now)
    except FreshLoginWanted:
        fresh_login.require(request)
    except ExportRefused as refused:
        messages.error(request, str(refused.because))
        return redirect("exports", access.account.public_id)
    return redirect("export", access.account.public_id, export.reference)


@require_safe
@account_page()
def export(request: Request, access: Access, reference: str) -> HttpResponse:
    now = timezone.now()
    row = _find(access, reference)
    context = {
        "export": row,
        "words": services.table(row).words,
        "is_kept": row.state == ExportState.DONE and row.expires_at is not None and row.expires_at > now,
        "is_quiet": row.is_unfinished and not row.is_packing and (row.moved_at or row.asked_at) < now - QUIET_FOR,
        "hours": settings.EXPORT_HOURS,
    }
    return render_account_page(request, access, "exports/export.html", context, now=now, fragment="progress")


@action
@account_page()
@throttled(EXPORT)
def export_end(request: Request, access: Access, reference: str) -> HttpResponse:
    row = _find(access, reference)
    if request.method == "POST":
        services.end(export=row, now=timezone.now())
    return redirect("export", access.account.public_id, row.reference)


@require_GET
@account_page()
@throttled(EXPORT, method="GET")
def export_file(request: Request, access: Access, reference: str) -> HttpResponseBase:
    row = _find(access, reference)
    try:
        file = services.take(access=access, export=row, now=timezone.now())
    except ExportRefused as refused:
        messages.error(request, str(refused.because))
        return redirect("export", access.account.public_id, row.reference)
    kind = FileKind(row.kind)
    return as_file(FileResponse(file, content_type=TYPES[kind]), file_name(row.first, row.last, kind.value))


def _find(access: Access, reference: str) -> Export:
    row = queries.find(access=access, reference=reference)
    if row is None:
        raise Http404("No such export")
    return row
