"""Pages on which a voucher card is paid in: its number, what it holds, and then a top-up like any other."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods

from accounts.access import Access
from accounts.actions import Action
from billing.balances.services import balances
from billing.lib.reasons import Because, Money
from billing.topups.forms.vouchers import CardConfirmation, CardForm
from billing.topups.models import VoucherReason
from billing.topups.queries import unsettled
from billing.topups.services import voucher_cards, vouchers
from billing.topups.services.errors import TopUpRefused, Unsettled
from billing.topups.services.voucher_cards import Offer
from billing.web.account_page import account_page
from billing.web.payment_methods import payment_methods
from billing.web.rendering import Request, render_account_page
from billing.web.request_limits import TOPUP, throttled


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters()
@sensitive_variables()
@account_page(Action.VOUCHER)
def voucher_form(request: Request, access: Access) -> HttpResponse:
    """Show the form and, once it is posted, what the card holds. Nothing is written here."""
    now = timezone.now()
    form = CardForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return _form(request, access, form, now)
    address = request.META.get("REMOTE_ADDR", "")
    try:
        offer = vouchers.look(account=access.account, card=form.card(), by=access.user, address=address, now=now)
    except TopUpRefused as refused:
        return _form(request, access, form, now, refused)
    return _confirmation(request, access, offer, CardConfirmation(), now)


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters()
@sensitive_variables()
@account_page(Action.VOUCHER)
@throttled(TOPUP)
def voucher_confirm(request: Request, access: Access) -> HttpResponse:
    """Make the top-up. A person who comes back here from a login starts at the form again."""
    if request.method != "POST":
        return redirect("voucher_form", access.account.public_id)
    now = timezone.now()
    try:
        offer = voucher_cards.open_offer(request.POST.get("offer", ""), account=access.account, by=access.user, now=now)
    except voucher_cards.Unreadable:
        return _form(request, access, CardForm(), now, TopUpRefused(Because(VoucherReason.PAGE_TOO_OLD)))
    form = CardConfirmation(request.POST)
    form.full_clean()
    try:
        topup = vouchers.request(
            account=access.account,
            offer=offer,
            by=access.user,
            now=now,
            besides_unsettled=form.cleaned_data["again"],
        )
    except Unsettled:
        form.refuse_unticked()
        return _confirmation(request, access, offer, form, now)
    except TopUpRefused as refused:
        return _form(request, access, CardForm(), now, refused)
    return redirect("topup", access.account.public_id, topup.reference)


def _form(
    request: Request, access: Access, form: CardForm, now: datetime, refused: TopUpRefused | None = None
) -> HttpResponse:
    context: dict[str, Any] = {
        "form": form,
        "refused": refused,
        "taken": refused.topup if isinstance(refused, vouchers.CardTaken) else None,
        "ways": payment_methods(access),
        "unsettled": unsettled.besides(access.account, by=access.user),
    }
    status = 429 if isinstance(refused, vouchers.TooManyCards) else 200
    return render_account_page(request, access, "topups/voucher_form.html", context, now=now, status=status)


def _confirmation(
    request: Request, access: Access, offer: Offer, form: CardConfirmation, now: datetime
) -> HttpResponse:
    figures = balances.current(account=access.account, now=now)
    balance = figures.account.balance
    coming = unsettled.besides(access.account, by=access.user, key=offer.key)
    if coming:
        form.ask_besides(Money(offer.amount, access.account.switch.currency))
    context = {
        "offer": offer,
        "form": form,
        "unsettled": coming,
        "sealed": voucher_cards.seal_offer(offer, account=access.account, by=access.user, now=now),
        "before": balance,
        "after": None if balance is None else balance + offer.amount,
        "payee": figures.account,
        "failure": figures.failure,
    }
    return render_account_page(request, access, "topups/voucher_confirm.html", context, now=now)
