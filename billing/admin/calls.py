from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from accounts.admin_base import OfAccount, OfChosenAccount, ReadOnlyAdmin
from billing.models import Call, CallChange, CallDay, UnreadableRecord
from billing.queries.routing import routing_of


@admin.register(Call)
class CallAdmin(ReadOnlyAdmin[Call]):
    """The newest calls of one account; its history with filters is on the customer's pages."""

    list_display = ("started_at", "caller", "callee", "talk_seconds", "billed_seconds", "fee", "end_reason")
    list_filter = (OfChosenAccount,)
    ordering_of_account = ("-started_at", "-flow_no")
    sortable_by = ()
    list_select_related = ("account__switch",)

    def get_fieldsets(self, request: HttpRequest, obj: Call | None = None) -> Any:
        shown = super().get_fieldsets(request, obj)
        if not request.user.has_perm("billing.view_callrouting"):
            return shown
        return [*shown, ("For operators alone", {"fields": ["routing"]})]

    @admin.display(description="routing")
    def routing(self, call: Call) -> SafeString:
        said = ((routed.name, routed.text or "–") for routed in routing_of(call))
        return format_html_join("", "<div>{}: {}</div>", said) or SafeString("not kept")


@admin.register(CallDay)
class CallDayAdmin(ReadOnlyAdmin[CallDay]):
    """What is known of each day's calls: the state of the sync."""

    list_display = (
        *("day", "of_account", "state", "unusable_report", "failure", "calls", "reported_calls", "fee", "reported_fee"),
        *("unproven_since", "tries", "next_try_at", "checked_at"),
    )
    list_select_related = ("account__switch",)
    list_filter = (OfAccount, "state", "day", ("unusable_report", admin.EmptyFieldListFilter))
    search_fields = ("account__number", "account__name")
    ordering_of_account = ("-day",)


@admin.register(CallChange)
class CallChangeAdmin(ReadOnlyAdmin[CallChange]):
    """What the switch says otherwise than it did before."""

    list_display = (
        *("noticed_at", "of_account", "ended_at", "flow_no", "caller", "callee", "talk_seconds"),
        *("fee", "agent_fee", "kind"),
    )
    list_select_related = ("account__switch",)
    list_filter = (OfAccount, "kind", "noticed_at")
    search_fields = ("account__number", "account__name")
    ordering = ("-id",)


@admin.register(UnreadableRecord)
class UnreadableRecordAdmin(ReadOnlyAdmin[UnreadableRecord]):
    """Why a day cannot be proven though all else was read."""

    list_display = ("day", "of_account", "reason", "excerpt", "noticed_at")
    list_select_related = ("account",)
    list_filter = (OfAccount, "day")
    search_fields = ("account__number", "account__name")
    ordering = ("-id",)
