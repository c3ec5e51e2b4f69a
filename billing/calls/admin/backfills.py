from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from accounts.lib.money import DASH
from accounts.models import AuditAction, Switch
from accounts.services import audit
from accounts.staff_pages import recording
from accounts.staff_pages.actor import member_of_staff
from accounts.staff_pages.base import StaffAdmin
from accounts.staff_pages.filters import OfAccount, in_words
from accounts.staff_pages.typed import ModelForm
from billing.calls.models import Backfill
from billing.calls.queries import backfills as queries
from billing.calls.services import backfills
from billing.switches.services.followed_accounts import followed


class BackfillForm(ModelForm[Backfill]):
    """Days to fetch of one account, or of all accounts of a switch that are followed."""

    switch = forms.ModelChoiceField(
        Switch.objects.all(),
        required=False,
        help_text=_("Instead of an account: all accounts of this switch that have members"),
    )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if bool(cleaned.get("account")) == bool(cleaned.get("switch")) and not self.errors:
            raise forms.ValidationError(_("Choose an account or a switch."))
        if not self.errors and cleaned["first"] > cleaned["last"]:
            self.add_error("last", _("This is before the first day."))
        return cleaned


@admin.register(Backfill)
class BackfillAdmin(StaffAdmin[Backfill]):
    """Requests for days of calls, and how far they are."""

    form = BackfillForm
    list_display = ("asked_at", "of_account", "first", "last", "bar", "asked_by", "ended_at", "left_out")
    list_select_related = ("account", "asked_by")
    list_filter = (
        *(OfAccount, "account__switch"),
        ("ended_at", in_words(_("state"), empty=_("under way"), filled=_("ended"))),
    )
    search_fields = ("account__number", "account__name")
    ordering = ("-id",)
    raw_id_fields = ("account",)
    fields = (
        "account",
        "first",
        "last",
        "bar",
        "days",
        "failure",
        "asked_by",
        "asked_at",
        "progressed_at",
        "ended_at",
        "left_out",
    )

    def get_fields(self, request: HttpRequest, obj: Backfill | None = None) -> Any:
        return self.fields if obj else ("account", "switch", "first", "last")

    def get_readonly_fields(self, request: HttpRequest, obj: Backfill | None = None) -> Any:
        return self.fields if obj else ()

    def get_form(self, request: HttpRequest, obj: Backfill | None = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        if not change:
            form.base_fields["account"].required = False
        return form

    def has_change_permission(self, request: HttpRequest, obj: Backfill | None = None) -> bool:
        return False

    @admin.display(description=_("days"))
    def bar(self, backfill: Backfill) -> SafeString:
        progress = _progress(backfill)
        return format_html(
            '<progress max="{0}" value="{1}">{1}</progress> {1} of {0}{2}',
            *(progress.total, progress.done, gettext(", %s failed") % progress.failed if progress.failed else ""),
        )

    @admin.display(description=_("see"))
    def days(self, backfill: Backfill) -> SafeString:
        query = urlencode({"account": backfill.account_id, "day__gte": backfill.first, "day__lte": backfill.last})
        place = f"{reverse('admin:calls_callday_changelist')}?{query}"
        return format_html('<a href="{}">{}</a>', place, _("the days, each with its state"))

    @admin.display(description=_("why a day failed, the last time"))
    def failure(self, backfill: Backfill) -> str:
        failure = _progress(backfill).failure
        return str(failure.label) if failure else DASH

    def _switch(self, request: HttpRequest) -> Switch:
        """The switch that the form, which was valid, names."""
        return Switch.objects.get(pk=request.POST["switch"])

    def save_model(self, request: HttpRequest, obj: Backfill, form: forms.Form, change: bool) -> None:
        """Save nothing: `response_add` has the service make the rows, one for each account."""

    def log_addition(self, request: HttpRequest, obj: Backfill, message: audit.Changes | str) -> None:  # type: ignore[override]  # the trail stands for the log
        """Log nothing: `response_add` records each row that the service makes."""

    def response_add(self, request: HttpRequest, obj: Backfill, post_url_continue: str | None = None) -> HttpResponse:
        """Request the days for each account, record the requests, and say how many there are."""
        by, now = member_of_staff(request), timezone.now()
        accounts = [obj.account] if obj.account_id else followed(switch=self._switch(request), now=now)
        made = [
            row
            for account in accounts
            if (row := backfills.ask(account=account, first=obj.first, last=obj.last, by=by, now=now, as_staff=True))
        ]
        for row in made:
            recording.record(request, AuditAction.REQUESTED, row)
        if made:
            words = ngettext(
                "Being fetched: %(count)s account, those days that are not here.",
                "Being fetched: %(count)s accounts, those days that are not here.",
                len(made),
            )
            self.message_user(request, words % {"count": len(made)})
        else:
            words = gettext("All of these days are here, or nothing can be known of them.")
            self.message_user(request, words, messages.WARNING)
        return redirect("admin:calls_backfill_changelist")


def _progress(backfill: Backfill) -> queries.Progress:
    return queries.progress(account=backfill.account, first=backfill.first, last=backfill.last)
