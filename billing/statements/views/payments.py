from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from accounts.access import Access
from accounts.models import Account
from billing.balances.models import Charge, Payment
from billing.statements.queries import payments as queries
from billing.statements.queries.payments import Entry
from billing.topups.models import Kind, Source, TopUp
from billing.web import staleness
from billing.web.account_page import account_page
from billing.web.links import page_link
from billing.web.rendering import Request, render_account_page

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


# Switches may know kinds that the manual does not: those are called "Payment" and "Charge".
PAYMENTS: dict[int, StrOrPromise] = {
    Payment.Kind.TOP_UP: _("Top-up"),
    Payment.Kind.DEDUCTION: _("Deduction"),
    Payment.Kind.OPENING: _("Opening"),
    Payment.Kind.ZEROING: _("Zeroing"),
}
CHARGES: dict[int, StrOrPromise] = {
    Charge.Kind.PACKAGE_RENT: _("Package rent"),
    Charge.Kind.PHONE_RENT: _("Phone rent"),
    Charge.Kind.PHONE_MINIMUM: _("Phone minimum"),
    Charge.Kind.PACKAGE_MINIMUM: _("Package minimum"),
}


@dataclass(frozen=True)
class Line:
    """An entry in words. `link` leads to the page of the top-up that `detail` then names by its reference.

    All legs of a transfer are named by the reference of its credit.
    """

    entry: Entry
    title: str
    detail: str
    link: str


@dataclass(frozen=True)
class Month:
    begin: date
    lines: list[Line]


@require_safe
@account_page()
def payments(request: Request, access: Access) -> HttpResponse:
    """The list of payments and other charges, a page at a time."""
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
    grouped = groupby(lines_of(entries), key=lambda line: timezone.localtime(line.entry.at).date().replace(day=1))
    return [Month(begin, list(group)) for begin, group in grouped]


def lines_of(entries: Sequence[Entry]) -> list[Line]:
    """Word these entries, in their order."""
    credit_of_debit = _credits_by_debit([entry.topup for entry in entries if entry.topup])
    return [_line(entry, credit_of_debit) for entry in entries]


def _credits_by_debit(topups: Sequence[TopUp]) -> dict[int, TopUp]:
    """The credit of each transfer among these, which is the leg that has a page, by the key of its debit."""
    debits = {topup.gives_back_id or topup.pk for topup in topups if topup.kind != Kind.CREDIT}
    rows = TopUp.objects.filter(debit__in=debits).select_related("account")
    return {row.debit_id: row for row in rows if row.debit_id is not None}


def _line(entry: Entry, credit_of_debit: dict[int, TopUp]) -> Line:
    topup = entry.topup
    if topup is None:
        return Line(entry, _title(entry), _detail(entry), link="")
    credit = topup if topup.kind == Kind.CREDIT else credit_of_debit.get(topup.gives_back_id or topup.pk)
    if credit is None:
        return Line(entry, _title(entry), _detail(entry), link="")
    link = reverse("topup", args=[credit.account.public_id, credit.reference])
    return Line(entry, _title_of_leg(topup, credit.account) or _title(entry), credit.reference, link)


def _title_of_leg(topup: TopUp, customer: Account) -> str:
    """What a leg of a transfer is called on the agent's side; the customer's side is a top-up like any other."""
    name = {"customer": customer.name or customer.number}
    if topup.kind == Kind.DEBIT:
        return gettext("Top-up of %(customer)s") % name
    if topup.kind == Kind.GIVE_BACK:
        return gettext("Given back: top-up of %(customer)s") % name
    return ""


def _title(entry: Entry) -> str:
    if isinstance(entry.row, Charge):
        return str(CHARGES.get(entry.row.kind, _("Charge")))
    if isinstance(entry.row, TopUp):
        return gettext("Voucher card") if entry.row.source == Source.VOUCHER else str(PAYMENTS[Payment.Kind.TOP_UP])
    if entry.row.method == Payment.Method.VOUCHER:
        return gettext("Voucher card")
    return str(PAYMENTS.get(entry.row.kind, _("Payment")))


def _detail(entry: Entry) -> str:
    if isinstance(entry.row, Charge):
        # The switch names what it charged for by a number of its own, and by 0 what has none.
        return gettext("No. %(number)s") % {"number": entry.row.item} if entry.row.item.strip("0") else ""
    if isinstance(entry.row, TopUp):
        return entry.row.reference
    memo = entry.row.memo
    if not entry.from_elsewhere:
        return memo
    return gettext("from elsewhere · %(memo)s") % {"memo": memo} if memo else gettext("from elsewhere")
