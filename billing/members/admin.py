from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, ClaimPhrase
from accounts.services import audit
from accounts.staff_pages.actor import acting
from accounts.staff_pages.base import StaffAdmin
from accounts.staff_pages.filters import OfAccount, in_words
from accounts.staff_pages.typed import ModelForm
from accounts.web import fresh_login
from billing.members import services as members


class PhraseForm(ModelForm[ClaimPhrase]):
    def clean_account(self) -> Account:
        account: Account = self.cleaned_data["account"]
        if not account.switch.claim_by_phrase:
            raise forms.ValidationError(_("The switch of this account does not allow claims by a phrase."))
        return account


@admin.register(ClaimPhrase)
class ClaimPhraseAdmin(StaffAdmin[ClaimPhrase]):
    """Phrases that staff place for an account, shown once so that they can tell its holder. They are never edited."""

    form = PhraseForm
    list_display = ("created_at", "of_account", "expires_at", "used_at")
    list_select_related = ("account",)
    list_filter = (OfAccount, ("used_at", in_words(_("state"), empty=_("open"), filled=_("used"))))
    search_fields = ("account__number", "account__name")
    ordering = ("-id",)
    fields = ("account", "created_at", "expires_at", "used_at")
    raw_id_fields = ("account",)

    def get_fields(self, request: HttpRequest, obj: ClaimPhrase | None = None) -> Any:
        return self.fields if obj else ("account",)

    def has_change_permission(self, request: HttpRequest, obj: ClaimPhrase | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: ClaimPhrase, form: forms.Form, change: bool) -> None:
        """Ask the person to show once more that it is them. The phrase is placed when the answer shows it."""
        fresh_login.require(request)

    def log_addition(self, request: HttpRequest, obj: ClaimPhrase, message: audit.Changes | str) -> None:  # type: ignore[override]  # the trail stands for the log
        """Record nothing here: the service has recorded it."""

    def response_add(
        self, request: HttpRequest, obj: ClaimPhrase, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Place the phrase and show it: no other page ever does."""
        by = acting(request, obj.account)
        phrase = members.place_phrase(account=obj.account, now=timezone.now(), by=by)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": gettext("The code phrase of %(account)s") % {"account": obj.account},
            "account": obj.account,
            "phrase": phrase,
            "days": members.LIFETIME.days,
        }
        page = TemplateResponse(request, "admin/accounts/claimphrase/placed.html", context)
        add_never_cache_headers(page)
        return page
