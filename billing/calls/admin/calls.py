from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.formats import localize
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.lib.money import DASH
from accounts.models import Account
from accounts.staff_pages.base import ReadOnlyAdmin
from accounts.staff_pages.filters import OfChosenAccount
from accounts.staff_pages.links import link, linked
from billing.calls.models import NOT_STATED, Call, CallChange, CallDay, CallLevel, EndDirection
from billing.calls.queries.end_reasons import end_reason
from billing.calls.queries.routing import routing_of
from billing.templatetags.figures import signed_money

MOST_CHANGES = 10


@admin.register(Call)
class CallAdmin(ReadOnlyAdmin[Call]):
    """The newest calls of one account; its history with filters is on the customer's pages."""

    list_display = ("started_at", "caller", "callee", "talk_seconds", "billed_seconds", "fee", "why")
    list_filter = (OfChosenAccount,)
    ordering_of_account = ("-started_at", "-flow_no")
    sortable_by = ()
    list_select_related = ("account__switch",)
    fields = (
        *("account", "started_at", "ended_at", "caller", "callee", "talk_seconds", "billed_seconds"),
        *("fee", "fee_prefix", "package_fee", "package_seconds", "of_agent", "agent_fee"),
        *("level", "ended_by", "why", "read_as", "billing_mode", "callee_billing"),
        *("switch", "flow_no", "of_day", "changes"),
    )

    def get_fieldsets(self, request: HttpRequest, obj: Call | None = None) -> Any:
        shown = super().get_fieldsets(request, obj)
        if not request.user.has_perm("calls.view_callrouting"):
            return shown
        return [*shown, (_("For operators alone"), {"fields": ["routing"]})]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        shown = {"of_account": OfChosenAccount.chosen(request)}
        return super().changelist_view(request, {**shown, **(extra_context or {})})

    def view_on_site(self, call: Call) -> str:
        """The customer's page of the call, which explains its price."""
        return reverse("call", args=[call.account.public_id, call.flow_no])

    @admin.display(description=_("call level"))
    def level(self, call: Call) -> str:
        return _in_words(CallLevel, call.call_level)

    @admin.display(description=_("ended by"))
    def ended_by(self, call: Call) -> str:
        return _in_words(EndDirection, call.end_direction)

    @admin.display(description=_("why it ended"))
    def why(self, call: Call) -> str:
        """The reason in the words that the customer reads, with its code."""
        found = end_reason(call.end_reason)
        return found.words if found.code is None else f"{found.words} ({found.code})"

    @admin.display(description=_("the reason's code is read as"))
    def read_as(self, call: Call) -> str:
        return end_reason(call.end_reason).read_as or DASH

    @admin.display(description=_("agent"))
    def of_agent(self, call: Call) -> str:
        """The agent at the time of the call, with a link where it still has a row."""
        number = call.agent_number
        agent = Account.objects.filter(switch=call.switch_id, number=number).first() if number else None
        return linked(agent) or number or DASH

    @admin.display(description=_("call day"))
    def of_day(self, call: Call) -> str:
        """The day of the switch's calendar whose report holds it."""
        held = CallDay.objects.filter(account=call.account_id, day=call.day).first()
        day = localize(call.day)
        return link("calls.callday", held.pk, f"{day}: {held.get_state_display()}") if held else day

    @admin.display(description=_("what the switch changed of it"))
    def changes(self, call: Call) -> SafeString:
        noted = CallChange.objects.filter(account=call.account_id, flow_no=call.flow_no).order_by("-id")[:MOST_CHANGES]
        currency = call.account.switch.currency
        rows = (
            (reverse("admin:calls_callchange_change", args=[change.pk]), *_facts(change, currency)) for change in noted
        )
        return format_html_join("", '<div><a href="{}">{}: {}, {}</a></div>', rows) or SafeString(
            gettext("nothing, as we know")
        )

    @admin.display(description=_("routing"))
    def routing(self, call: Call) -> SafeString:
        rows = ((routed.name, routed.text or "–") for routed in routing_of(call))
        return format_html_join("", "<div>{}: {}</div>", rows) or SafeString(gettext("not kept"))


def _in_words(table: type[CallLevel | EndDirection], code: int) -> str:
    """Word a code, with the code in brackets; an unknown one stands alone."""
    if code in table.values:
        return f"{table(code).label} ({code})"
    return gettext("not stated") if code == NOT_STATED else str(code)


def _facts(change: CallChange, currency: str) -> tuple[str, str, str]:
    """When a change was noticed, of which kind it is, and by how much it moved the fee."""
    return localize(change.noticed_at), change.get_kind_display(), signed_money(change.fee, currency)
