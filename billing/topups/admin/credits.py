"""The staff pages that credit an account: a form, then a confirmation, which leads to the top-up's own page."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Account, User
from accounts.web import fresh_login
from billing.balances.services import balances
from billing.lib.reasons import Money
from billing.topups.admin.forms import CreditForm
from billing.topups.admin.pages import TopUps, page, person_with, require_fresh_login
from billing.topups.models import TopUp
from billing.topups.queries import unsettled
from billing.topups.services import duplicates, operator_credits
from billing.topups.services.errors import TopUpRefused, Unsettled


def urls(admin: TopUps) -> list[URLPattern]:
    return [
        page(admin, "credit/<int:account_id>/", credit_view, "credit"),
        page(admin, "credit/<int:account_id>/confirm/", credit_confirm_view, "credit_confirm"),
    ]


def credit_view(admin: TopUps, request: HttpRequest, account_id: int) -> HttpResponse:
    """Show the form and, once it is posted, the confirmation. Nothing is written here."""
    by, account = person_with(request, operator_credits.PERMISSION), _account(account_id)
    if request.method == "HEAD":  # the form asks the switch for the balance
        return HttpResponse()
    now = timezone.now()
    form = CreditForm(request.POST if request.method == "POST" else None, switch=account.switch)
    if form.is_valid():
        try:
            operator_credits.check(account=account, by=by, now=now, **form.requested())
        except TopUpRefused as refused:
            form.refuse(refused)
    if not (form.is_bound and form.is_valid()):
        return _form(admin, request, account, form, now)
    require_fresh_login(request, account, form.cleaned_data["amount"])
    return _confirmation(admin, request, account, form, by, now)


def credit_confirm_view(admin: TopUps, request: HttpRequest, account_id: int) -> HttpResponse:
    """Make the top-up. A person who comes back here from a login starts at the form again."""
    by, account = person_with(request, operator_credits.PERMISSION), _account(account_id)
    if request.method != "POST":
        return redirect("admin:credit", account.pk)
    now = timezone.now()
    form = CreditForm(request.POST, switch=account.switch)
    if form.is_valid():
        again = form.cleaned_data["again"]
        if _needs_login(request, account, form):
            # The first step asks for it, and shows the confirmation again with all that was entered.
            return redirect("admin:credit", account.pk, preserve_request=True)
        try:
            if not again and _recent_duplicate(account, form, by, now):
                operator_credits.check(account=account, by=by, now=now, **form.requested())
                return _unticked(admin, request, account, form, by, now)
            topup = operator_credits.request(
                account=account, by=by, now=now, besides_unsettled=again, **form.requested()
            )
        except Unsettled:
            return _unticked(admin, request, account, form, by, now)
        except TopUpRefused as refused:
            form.refuse(refused)
        else:
            messages.success(request, _("%(topup)s is written down and on its way.") % {"topup": topup})
            return redirect("admin:topups_topup_change", topup.pk)
    return _form(admin, request, account, form, now)


def _form(admin: TopUps, request: HttpRequest, account: Account, form: CreditForm, now: datetime) -> HttpResponse:
    context = _context(admin, request, account, form, now)
    context["unsettled"] = unsettled.besides(account, by=person_with(request, operator_credits.PERMISSION))
    return TemplateResponse(request, "admin/topups/topup/credit.html", context)


def _confirmation(
    admin: TopUps, request: HttpRequest, account: Account, form: CreditForm, by: User, now: datetime
) -> HttpResponse:
    context, amount = _context(admin, request, account, form, now), form.cleaned_data["amount"]
    balance = context["account"].balance
    coming = unsettled.besides(account, by=by, key=form.cleaned_data["key"])
    if coming:
        form.ask_besides(Money(amount, account.switch.currency))
    context |= {
        "unsettled": coming,
        "amount": amount,
        "after": None if balance is None else balance + amount,
        "duplicate": _recent_duplicate(account, form, by, now),
    }
    return TemplateResponse(request, "admin/topups/topup/credit_confirm.html", context)


def _context(admin: TopUps, request: HttpRequest, account: Account, form: CreditForm, now: datetime) -> dict[str, Any]:
    return {
        **admin.admin_site.each_context(request),
        "opts": admin.opts,
        "title": _("Credit %(account)s") % {"account": account},
        "account": balances.current(account=account, now=now).account,
        "currency": account.switch.currency,
        "form": form,
    }


def _needs_login(request: HttpRequest, account: Account, form: CreditForm) -> bool:
    """A large credit needs a person who has just logged in."""
    return account.switch.wants_fresh_login(form.cleaned_data["amount"]) and not fresh_login.is_fresh(request)


def _unticked(
    admin: TopUps, request: HttpRequest, account: Account, form: CreditForm, by: User, now: datetime
) -> HttpResponse:
    """A possible repetition needs a tick: show the confirmation again, which says so."""
    form.refuse_unticked()
    return _confirmation(admin, request, account, form, by, now)


def _recent_duplicate(account: Account, form: CreditForm, by: User, now: datetime) -> TopUp | None:
    amount, key = form.cleaned_data["amount"], form.cleaned_data["key"]
    return duplicates.recent_duplicate(account=account, amount=amount, by=by, key=key, now=now)


def _account(account_id: int) -> Account:
    return get_object_or_404(Account.objects.select_related("switch"), pk=account_id)
