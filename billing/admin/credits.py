from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone

from accounts.models import Account, User
from billing.admin.topup_pages import TopUpPages
from billing.forms.credit import CreditForm
from billing.services import balances, credits
from billing.services.topups import TopUpRefused


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
        by, account = self.person(request, credits.PERMISSION), _account(account_id)
        form = CreditForm(request.POST if request.method == "POST" else None, switch=account.switch)
        if form.is_valid():
            try:
                credits.check(account=account, by=by, now=timezone.now(), **form.wish())
            except TopUpRefused as refused:
                form.refuse(refused)
        return self._page(request, account, form, confirm=form.is_bound and form.is_valid())

    def credit_confirm_view(self, request: HttpRequest, account_id: int) -> HttpResponse:
        """Make the top-up. Whoever comes back here by a login starts at the form again."""
        by, account = self.person(request, credits.PERMISSION), _account(account_id)
        if request.method != "POST":
            return redirect("admin:credit", account.pk)
        form = CreditForm(request.POST, switch=account.switch)
        if form.is_valid() and (made := self._credit(request, account, form, by)):
            return made
        return self._page(request, account, form, confirm=False)

    def _credit(self, request: HttpRequest, account: Account, form: CreditForm, by: User) -> HttpResponse | None:
        try:
            topup = credits.request(account=account, by=by, now=timezone.now(), **form.wish())
        except TopUpRefused as refused:
            form.refuse(refused)
            return None
        self.message_user(request, f"{topup} is written down and on its way.", messages.SUCCESS)
        return redirect("admin:billing_topup_change", topup.pk)

    def _page(self, request: HttpRequest, account: Account, form: CreditForm, *, confirm: bool) -> HttpResponse:
        known = balances.current(account=account, now=timezone.now()).account
        context: dict[str, Any] = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"Credit {account}",
            "account": known,
            "currency": account.switch.currency,
            "form": form,
        }
        if confirm:
            context["amount"] = form.cleaned_data["amount"]
            context["after"] = None if known.balance is None else known.balance + context["amount"]
        template = "credit_confirm" if confirm else "credit"
        return TemplateResponse(request, f"admin/billing/topup/{template}.html", context)


def _account(account_id: int) -> Account:
    return get_object_or_404(Account.objects.select_related("switch"), pk=account_id)
