"""Monthly statements: the list of months, and each as a page and as a PDF."""

from __future__ import annotations

import re
from datetime import date

from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.formats import date_format
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_GET, require_safe

from accounts.access import Access
from accounts.models import AuditAction
from accounts.services import audit
from billing.lib.snapshots import snapshot
from billing.statements.queries import statements as queries
from billing.statements.queries.statements import NoSuchMonth, Statement
from billing.statements.views.document import Document, document
from billing.statements.views.pdf import pdf_of
from billing.web.account_page import account_page
from billing.web.links import page_link
from billing.web.rendering import Request, render_account_page
from billing.web.request_limits import STATEMENT, throttled

MONTH = re.compile(r"[0-9]{4}-[0-9]{2}")


@require_safe
@account_page()
def statements(request: Request, access: Access) -> HttpResponse:
    now, account = timezone.now(), access.account
    years = queries.years(account=account, now=now)
    requested = request.GET.get("year", "")
    year = next((year for year in years if str(year) == requested), years[0])
    context = {
        "months": queries.months(account=account, year=year, now=now),
        "ranges": [(str(one), page_link(request.GET, year=str(one)), one == year) for one in years],
        "calendar": account.switch.time_zone,
    }
    return render_account_page(request, access, "statements/statements.html", context, now=now, fragment="months")


@require_safe
@account_page()
def statement(request: Request, access: Access, month: str) -> HttpResponse:
    found = _statement(access, month)
    context = {
        "statement": _in_words(found, access),
        "month": month,
        "months_beside": _months_beside(found, access),
        "days": f"?from={found.first}&to={found.last}",
    }
    return render_account_page(request, access, "statements/statement.html", context, now=timezone.now())


@require_GET
@account_page()
@throttled(STATEMENT, method="GET")
def statement_pdf(request: Request, access: Access, month: str) -> HttpResponse:
    pdf = pdf_of(_in_words(_statement(access, month), access))
    audit.note(action=AuditAction.EXPORTED, now=timezone.now(), by=access, text=f"the statement of {month} as PDF")
    response = HttpResponse(pdf, content_type="application/pdf")
    name = f"statement-{access.account.number}-{month}.pdf"
    response["Content-Disposition"] = str(content_disposition_header(as_attachment=True, filename=name))
    add_never_cache_headers(response)
    return response


def _statement(access: Access, month: str) -> Statement:
    try:
        begin = date.fromisoformat(f"{month}-01") if MONTH.fullmatch(month) else date.min
        with snapshot():
            return queries.statement(account=access.account, month=begin, now=timezone.now())
    except (ValueError, NoSuchMonth) as error:
        raise Http404("No such month") from error


def _in_words(found: Statement, access: Access) -> Document:
    """Word a statement with the times of the switch, so that it is the same for every reader."""
    with timezone.override(access.account.switch.zone):
        return document(found, access)


def _months_beside(found: Statement, access: Access) -> list[tuple[str, str]]:
    """The months before and after, with the addresses of their statements."""
    return [
        (date_format(month, "F Y"), reverse("statement", args=[access.account.public_id, f"{month:%Y-%m}"]))
        for month in (found.earlier, found.later)
        if month
    ]
