from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone

from accounts.models import Account, User
from accounts.web import fresh_login
from billing.balances.services import balances
from billing.topups.admin.forms import CreditForm
from billing.topups.admin.pages import TopUpPages
from billing.topups.models import TopUp
from billing.topups.services import limits, operator_credits
from billing.topups.services.errors import TopUpRefused


class CreditPages(TopUpPages):
    """Staff credit an account: a form, a confirmation, and then the top-up's own page."""

    def get_urls(self) -> list[URLPattern]:
        wrap, place = self.admin_site.admin_view, "credit/<int:account_id>/"
        return [
            path(place, wrap(self.credit_view), name="credit"),
            path(f"{place}confirm/", wrap(self.credit_confirm_view), name="credit_confirm"),
            *super().get_urls(),
        ]

    def credit_view(self, request: HttpRequest, account_id: int) -> HttpResponse:
        """The form; posted, the confirmation. Nothing is written here."""
        by, account = self.person(request, operator_credits.PERMISSION), _account(account_id)
        now = timezone.now()
        form = CreditForm(request.POST if request.method == "POST" else None, switch=account.switch)
        if form.is_valid():
            try:
                operator_credits.check(account=account, by=by, now=now, **form.wish())
            except TopUpRefused as refused:
                form.refuse(refused)
        if not (form.is_bound and form.is_valid()):
            return self._form(request, account, form, now)
        self.show_once_more(request, account, form.cleaned_data["amount"])
        return self._confirmation(request, account, form, by, now)

    def credit_confirm_view(self, request: HttpRequest, account_id: int) -> HttpResponse:
        """Make the top-up. Whoever comes back here by a login starts at the form again."""
        by, account = self.person(request, operator_credits.PERMISSION), _account(account_id)
        if request.method != "POST":
            return redirect("admin:credit", account.pk)
        now = timezone.now()
        form = CreditForm(request.POST, switch=account.switch)
        if form.is_valid():
            if not _is_meant(request, account, form, by, now):
                # The first step asks what is missing, and shows the confirmation again with all that was entered.
                return redirect("admin:credit", account.pk, preserve_request=True)
            try:
                topup = operator_credits.request(account=account, by=by, now=now, **form.wish())
            except TopUpRefused as refused:
                form.refuse(refused)
            else:
                self.message_user(request, f"{topup} is written down and on its way.", messages.SUCCESS)
                return redirect("admin:topups_topup_change", topup.pk)
        return self._form(request, account, form, now)

    def _form(self, request: HttpRequest, account: Account, form: CreditForm, now: datetime) -> HttpResponse:
        context = self._context(request, account, form, now)
        return TemplateResponse(request, "admin/topups/topup/credit.html", context)

    def _confirmation(
        self, request: HttpRequest, account: Account, form: CreditForm, by: User, now: datetime
    ) -> HttpResponse:
        context, amount = self._context(request, account, form, now), form.cleaned_data["amount"]
        balance = context["account"].balance
        context |= {
            "amount": amount,
            "after": None if balance is None else balance + amount,
            "twin": _twin(account, form, by, now),
        }
        return TemplateResponse(request, "admin/topups/topup/credit_confirm.html", context)

    def _context(self, request: HttpRequest, account: Account, form: CreditForm, now: datetime) -> dict[str, Any]:
        return {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"Credit {account}",
            "account": balances.current(account=account, now=now).account,
            "currency": account.switch.currency,
            "form": form,
        }


def _is_meant(request: HttpRequest, account: Account, form: CreditForm, by: User, now: datetime) -> bool:
    """A large one by a person who has just shown that it is them; the same again by a tick."""
    if account.switch.wants_fresh_login(form.cleaned_data["amount"]) and not fresh_login.is_fresh(request):
        return False
    return form.cleaned_data["again"] or _twin(account, form, by, now) is None


def _twin(account: Account, form: CreditForm, by: User, now: datetime) -> TopUp | None:
    amount, key = form.cleaned_data["amount"], form.cleaned_data["key"]
    return limits.recent_duplicate(account=account, amount=amount, by=by, key=key, now=now)


def _account(account_id: int) -> Account:
    return get_object_or_404(Account.objects.select_related("switch"), pk=account_id)
