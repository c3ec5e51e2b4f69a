"""Pages on which an agent tops up a customer: the form, the confirmation, and the page that follows the top-up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import Access
from accounts.actions import Action
from accounts.models import Account
from accounts.web import fresh_login
from billing.balances.services import balances
from billing.lib.reasons import Money
from billing.topups.forms.topups import TopUpForm
from billing.topups.models import DOUBTFUL, Kind, TopUp, TopUpState
from billing.topups.queries import unsettled
from billing.topups.queries.progress import find, is_final, issued_again, outcome, steps
from billing.topups.queries.receipts import for_payer, receipt_of
from billing.topups.services import duplicates, transfers
from billing.topups.services.errors import TopUpRefused, Unsettled
from billing.web.account_page import account_page
from billing.web.payment_methods import payment_methods, to_a_way
from billing.web.rendering import Request, render_account_page
from billing.web.request_limits import TOPUP, throttled

TONES = {
    TopUpState.REQUESTED: "none",
    TopUpState.SENDING: "none",
    TopUpState.IN_DOUBT: "warn",
    TopUpState.REVIEW: "warn",
    TopUpState.REFUSED: "bad",
    TopUpState.NOT_APPLIED: "bad",
}


@dataclass(frozen=True)
class Move:
    """An account's balance before and after the top-up. None: the balance is not known."""

    account: Account
    before: Decimal | None
    after: Decimal | None


@require_http_methods(["GET", "HEAD", "POST"])
@account_page(Action.PAY_IN)
@throttled(TOPUP)
def topup_form(request: Request, access: Access) -> HttpResponse:
    """Show the form and, once it is posted, the confirmation. Nothing is written here.

    A person without an agent's balance to pay from is led to another way of paying.
    """
    if not access.may(Action.TOP_UP):
        return to_a_way(access)
    now = timezone.now()
    form = TopUpForm(request.POST if request.method == "POST" else None, switch=access.account.switch)
    if form.is_valid():
        try:
            transfers.check(**_requested(access, form), now=now)
        except TopUpRefused as refused:
            form.refuse(refused)
    if form.is_bound and form.is_valid():
        if access.account.switch.wants_fresh_login(form.cleaned_data["amount"]):
            fresh_login.require(request)
        return _confirmation(request, access, form, now)
    return _form(request, access, form, now)


@require_http_methods(["GET", "HEAD", "POST"])
@account_page(Action.TOP_UP)
@throttled(TOPUP)
def topup_confirm(request: Request, access: Access) -> HttpResponse:
    """Make the top-up. A person who comes back here from a login starts at the form again."""
    if request.method != "POST":
        return redirect("topup_form", access.account.public_id)
    now = timezone.now()
    form = TopUpForm(request.POST, switch=access.account.switch)
    if form.is_valid():
        requested, again = _requested(access, form), form.cleaned_data["again"]
        try:
            if _needs_login(request, access, form):
                transfers.check(**requested, now=now)
                # The first step asks for it, and shows the confirmation again with all that was entered.
                return redirect("topup_form", access.account.public_id, preserve_request=True)
            if not again and _recent_duplicate(access, form, now):
                transfers.check(**requested, now=now)
                return _unticked(request, access, form, now)
            topup = transfers.request(**requested, besides_unsettled=again, now=now)
        except Unsettled:
            return _unticked(request, access, form, now)
        except TopUpRefused as refused:
            form.refuse(refused)
        else:
            return redirect("topup", access.account.public_id, topup.reference)
    return _form(request, access, form, now)


@require_safe
@account_page()
def topup(request: Request, access: Access, reference: str) -> HttpResponse:
    """Show how a top-up stands. The page asks again by itself until nothing changes any more."""
    now = timezone.now()
    row = find(account=access.account, reference=reference)
    if row is None or row.kind != Kind.CREDIT:
        raise Http404("No such top-up")
    state = outcome(row)
    # The customer who was topped up is not shown what is between the agent and the portal.
    payer_reads = for_payer(access)
    context = {
        "topup": row,
        "outcome": state,
        "steps": steps(row, for_payer=payer_reads),
        "for_payer": payer_reads,
        "receipt": receipt_of(row, reader=access.user, access=access) if state == TopUpState.CONFIRMED else None,
        "is_final": is_final(row),
        "again": issued_again(row),
        "tone": TONES.get(state, ""),
        "again_after": "10s" if state in DOUBTFUL else "2s",
        "is_doubtful": state in DOUBTFUL,
    }
    return render_account_page(request, access, "topups/topup.html", context, now=now, fragment="steps")


def _requested(access: Access, form: TopUpForm) -> dict[str, Any]:
    """What `transfers.request` takes: `key`, `amount` and `note` from the form, the rest from the access alone."""
    fields = {name: form.cleaned_data[name] for name in ("key", "amount", "note")}
    return {"account": access.account, "payer": access.via, "by": access.user, **fields}


def _needs_login(request: Request, access: Access, form: TopUpForm) -> bool:
    """A large top-up needs a person who has just logged in."""
    wants = access.account.switch.wants_fresh_login(form.cleaned_data["amount"])
    return wants and not fresh_login.is_fresh(request)


def _unticked(request: Request, access: Access, form: TopUpForm, now: datetime) -> HttpResponse:
    """A possible repetition needs a tick: show the confirmation again, which says so."""
    form.refuse_unticked()
    return _confirmation(request, access, form, now)


def _recent_duplicate(access: Access, form: TopUpForm, now: datetime) -> TopUp | None:
    amount, key = form.cleaned_data["amount"], form.cleaned_data["key"]
    return duplicates.recent_duplicate(account=access.account, amount=amount, by=access.user, key=key, now=now)


def _form(request: Request, access: Access, form: TopUpForm, now: datetime) -> HttpResponse:
    context = {
        "form": form,
        "ways": payment_methods(access),
        "unsettled": unsettled.besides(access.account, by=access.user),
        **_payer(access, now),
    }
    return render_account_page(request, access, "topups/topup_form.html", context, now=now)


def _confirmation(request: Request, access: Access, form: TopUpForm, now: datetime) -> HttpResponse:
    amount = form.cleaned_data["amount"]
    payer = _payer(access, now)
    child = balances.current(account=access.account, now=now)
    moves = [_move(child.account, amount)]
    if payer["debited"]:
        moves.insert(0, _move(payer["payer"], -amount))
    duplicate = _recent_duplicate(access, form, now)
    coming = unsettled.besides(access.account, by=access.user, key=form.cleaned_data["key"])
    if coming:
        form.ask_besides(Money(amount, access.account.switch.currency))
    context = {
        "form": form,
        "amount": amount,
        "moves": moves,
        "unsettled": coming,
        "duplicate": duplicate,
        "duplicate_outcome": None if duplicate is None else outcome(duplicate),
        "failure": child.failure,
        **payer,
    }
    return render_account_page(request, access, "topups/topup_confirm.html", context, now=now)


def _move(account: Account, amount: Decimal) -> Move:
    return Move(account, account.balance, None if account.balance is None else account.balance + amount)


def _payer(access: Access, now: datetime) -> dict[str, Any]:
    """The account that pays, whether it is debited, and how much is left."""
    assert access.via is not None  # noqa: S101  # Action.TOP_UP is given to members of an agent above only
    funds = transfers.funds(payer=access.via, now=now)
    return {"payer": funds.payer, "debited": funds.debited, "left": funds.left}
