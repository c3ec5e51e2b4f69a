from __future__ import annotations

from django.contrib import admin

from accounts.admin_base import OfAccount, OfChosenAccount, ReadOnlyAdmin
from billing.models import Call, CallChange, CallDay, UnreadableRecord


@admin.register(Call)
class CallAdmin(ReadOnlyAdmin[Call]):
    """The newest calls of one account; its history with filters is on the customer's pages."""

    list_display = ("started_at", "caller", "callee", "talk_seconds", "billed_seconds", "fee", "end_reason")
    list_filter = (OfChosenAccount,)
    ordering_of_account = ("-started_at", "-flow_no")
    sortable_by = ()
    list_select_related = ("account__switch",)


@admin.register(CallDay)
class CallDayAdmin(ReadOnlyAdmin[CallDay]):
    """What is known of each day's calls: the state of the sync."""

    list_display = (
        *("day", "of_account", "state", "calls", "reported_calls", "fee", "reported_fee", "checked_at"),
        *("unproven_since", "tries", "next_try_at", "unusable_report", "failure"),
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
