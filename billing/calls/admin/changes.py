from __future__ import annotations

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from accounts.staff_pages.base import ReadOnlyAdmin
from accounts.staff_pages.filters import OfAccount
from accounts.staff_pages.links import link
from billing.calls.models import CallChange, ChangeOfRecord
from billing.calls.queries.calls import find
from billing.templatetags.figures import signed_money


@admin.register(CallChange)
class CallChangeAdmin(ReadOnlyAdmin[CallChange]):
    """Records of calls that the switch edited, dropped, or gave late."""

    list_display = (
        "noticed_at",
        "of_account",
        "kind",
        "record",
        "ended_at",
        "caller",
        "callee",
        "moved",
        "agent_moved",
    )
    list_select_related = ("account__switch",)
    list_filter = (OfAccount, "kind", "noticed_at")
    search_fields = ("account__number", "account__name")
    ordering = ("-id",)
    fields = (
        *("account", "kind", "of_call", "noticed_at", "ended_at", "moved", "agent_number", "agent_moved"),
        *("caller", "callee", "talk_seconds"),
    )

    @admin.display(description=_("record"), ordering="flow_no")
    def record(self, change: CallChange) -> str:
        """The switch's number of the record, with a link to the customer's page of the call while there is one."""
        if change.kind == ChangeOfRecord.GONE:
            return str(change.flow_no)
        place = reverse("call", args=[change.account.public_id, change.flow_no])
        return format_html('<a href="{}">{}</a>', place, change.flow_no)

    @admin.display(description=pgettext_lazy("the title of a column", "call"))
    def of_call(self, change: CallChange) -> str:
        call = find(account=change.account, flow_no=change.flow_no)
        if call is None:
            return gettext("%s, which is here no longer") % change.flow_no
        return link("calls.call", call.pk, str(call))

    @admin.display(description=_("fee moved by"), ordering="fee")
    def moved(self, change: CallChange) -> str:
        return signed_money(change.fee, change.account.switch.currency)

    @admin.display(description=_("agent's fee by"), ordering="agent_fee")
    def agent_moved(self, change: CallChange) -> str:
        return signed_money(change.agent_fee, change.account.switch.currency)
