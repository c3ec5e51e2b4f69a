from __future__ import annotations

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import AuditAction
from accounts.staff_pages import recording
from accounts.staff_pages.base import ReadOnlyAdmin, StaffAdmin
from accounts.staff_pages.filters import OfAccount, in_words
from billing.balances.admin.related_rows import records_changed, rows_around
from billing.balances.models import Case, Reconciliation
from billing.templatetags.figures import signed_money


@admin.register(Reconciliation)
class ReconciliationAdmin(ReadOnlyAdmin[Reconciliation]):
    list_display = (
        "day",
        "of_account",
        "opening",
        "payments",
        "calls",
        "agent_fees",
        "charges",
        "difference",
        "closing",
    )
    list_select_related = ("account__switch",)
    list_filter = (OfAccount, "day")
    search_fields = ("account__number", "account__name")
    ordering_of_account = ("-day",)


class CaseActionForm(ActionForm):
    note = forms.CharField(label=_("Note:"), required=False, max_length=500)


@admin.register(Case)
class CaseAdmin(StaffAdmin[Case]):
    """Cases: the portal says what happened, and people write into the note what they found out about it."""

    list_display = ("opened_at", "of_account", "begins_at", "ends_at", "difference", "cause", "closed_at")
    list_select_related = ("account__switch",)
    list_filter = (("closed_at", in_words(_("state"), empty=_("open"), filled=_("closed"))), OfAccount, "cause")
    search_fields = ("account__number", "account__name", "note")
    ordering = ("-id",)
    fields = (
        *("account", "begins_at", "ends_at", "difference", "cause"),
        *("opened_at", "closed_at", "is_explained", "records", "pages", "note"),
    )
    readonly_fields = fields[:-1]
    actions = ("close",)
    action_form = CaseActionForm

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_close_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("balances.close_case")

    @admin.display(description=_("see"))
    def pages(self, case: Case) -> SafeString:
        """Link to what the customer sees of these days, and to the rows around the difference."""
        return format_html_join(" · ", '<a href="{}">{}</a>', rows_around(case))

    @admin.display(description=_("records changed since they were first read"))
    def records(self, case: Case) -> SafeString:
        currency = case.account.switch.currency
        rows = [
            {
                "record": change.flow_no,
                "change": change.get_kind_display(),
                "amount": signed_money(moved, currency),
                "at": f"{change.ended_at:%F %T} UTC",
            }
            for change, moved in records_changed(case)
        ]
        line = gettext("{record} {change}, {amount} (ended {at})")
        return format_html_join("; ", line, rows) or SafeString(gettext("none"))

    @admin.action(description=_("Close the chosen cases"), permissions=["close"])
    def close(self, request: HttpRequest, queryset: QuerySet[Case]) -> None:
        """Close cases, each with what was found out: in its own note, or in the one given with the closing."""
        found = request.POST.get("note", "").strip()
        closed = list(queryset.filter(closed_at__isnull=True).select_for_update(of=("self",)))
        if not found and not all(case.note.strip() for case in closed):
            refusal = gettext("Write a note: what was found out? Nothing was closed.")
            self.message_user(request, refusal, messages.ERROR)
            return
        now = timezone.now()
        for case in closed:
            case.closed_at, case.note = now, "\n".join(filter(None, (case.note.strip(), found)))
            case.save(update_fields=["closed_at", "note"])
            recording.record(request, AuditAction.CLOSED, case)
        message = gettext("Cases closed: %(number)s.") % {"number": len(closed)}
        self.message_user(request, message, messages.SUCCESS)
