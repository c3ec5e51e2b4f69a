from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.access import Access
from billing.statements.queries import payments as queries
from billing.statements.queries.payments import Entry
from billing.topups.models import Kind, TopUp
from billing.web import staleness
from billing.web.account_page import account_page
from billing.web.links import page_link
from billing.web.rendering import Request, render_account_page


@dataclass(frozen=True)
class Line:
    entry: Entry
    title: str
    link: str


@dataclass(frozen=True)
class Month:
    begin: date
    lines: list[Line]


@require_safe
@account_page()
def payments(request: Request, access: Access) -> HttpResponse:
    now, account = timezone.now(), access.account
    page = queries.page(account=account, after=request.GET.get("after"), before=request.GET.get("before"))
    context = {
        "months": _by_month(page.entries),
        "older": page_link(request.GET, after=page.older),
        "newer": page_link(request.GET, before=page.newer),
        "mirrored_until": queries.mirrored_until(account=account),
        "limit": staleness.PAYMENTS,
    }
    return render_account_page(request, access, "statements/payments.html", context, now=now, fragment="entries")


def _by_month(entries: Sequence[Entry]) -> list[Month]:
    grouped = groupby(lines(entries), key=lambda line: timezone.localtime(line.entry.at).date().replace(day=1))
    return [Month(begin, list(group)) for begin, group in grouped]


def lines(entries: Sequence[Entry]) -> list[Line]:
    credits = _credits([entry.topup for entry in entries if entry.topup])
    return [_line(entry, credits) for entry in entries]


def _credits(topups: Sequence[TopUp]) -> dict[int, TopUp]:
    """By each transfer's debit its credit, which is the leg that has a page."""
    debits = {topup.gives_back_id or topup.pk for topup in topups if topup.kind != Kind.CREDIT}
    rows = TopUp.objects.filter(debit__in=debits).select_related("account")
    return {row.debit_id: row for row in rows if row.debit_id is not None}


def _credit_of(topup: TopUp, credits: dict[int, TopUp]) -> TopUp | None:
    return topup if topup.kind == Kind.CREDIT else credits.get(topup.gives_back_id or topup.pk)


def _line(entry: Entry, credits: dict[int, TopUp]) -> Line:
    credit = _credit_of(entry.topup, credits) if entry.topup else None
    if entry.topup is None or credit is None:
        return Line(entry, entry.label, "")
    link = reverse("topup", args=[credit.account.public_id, credit.reference])
    other = credit.account.name or credit.account.number
    titles = {Kind.DEBIT: f"Top-up of {other}", Kind.GIVE_BACK: f"Given back: top-up of {other}"}
    return Line(entry, titles.get(Kind(entry.topup.kind), entry.label), link)
