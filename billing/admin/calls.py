from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from accounts.admin_base import OfAccount, OfChosenAccount, ReadOnlyAdmin
from accounts.money import DASH, money
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

    def view_on_site(self, call: Call) -> str:
        """Where it is told in words, and why it cost that."""
        return reverse("call", args=[call.account.public_id, call.flow_no])

    @admin.display(description="routing")
    def routing(self, call: Call) -> SafeString:
        said = ((routed.name, routed.text or "–") for routed in routing_of(call))
        return format_html_join("", "<div>{}: {}</div>", said) or SafeString("not kept")


@admin.register(CallDay)
class CallDayAdmin(ReadOnlyAdmin[CallDay]):
    """What is known of each day's calls: the state of the sync."""

    list_display = ("day", "of_account", "state", "why", "counted", "charged", "unproven_since", "tries")
    list_select_related = ("account__switch",)
    list_filter = (OfAccount, "state", "day", ("unusable_report", admin.EmptyFieldListFilter))
    search_fields = ("account__number", "account__name")
    ordering_of_account = ("-day",)

    def view_on_site(self, day: CallDay) -> str:
        return f"{reverse('calls', args=[day.account.public_id])}?from={day.day}&to={day.day}"

    @admin.display(description="why not proven", empty_value=DASH)
    def why(self, day: CallDay) -> str:
        return " ".join(filter(None, (day.unusable_report, day.failure)))

    @admin.display(description="calls / report")
    def counted(self, day: CallDay) -> str:
        return f"{day.calls:,} / {DASH if day.reported_calls is None else f'{day.reported_calls:,}'}"

    @admin.display(description="fee / report")
    def charged(self, day: CallDay) -> str:
        currency = day.account.switch.currency
        return f"{money(day.fee, currency)} / {money(day.reported_fee, currency)}"


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
