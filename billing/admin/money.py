from __future__ import annotations

from django.contrib import admin

from accounts.admin_base import OfAccount, ReadOnlyAdmin
from billing.models import Charge, Payment, SyncMark


@admin.register(Payment)
class PaymentAdmin(ReadOnlyAdmin[Payment]):
    list_display = ("paid_at", "account", "kind", "method", "amount", "balance_after", "memo")
    list_select_related = ("account",)
    list_filter = (OfAccount, "kind", "method", "paid_at")
    search_fields = ("account__number", "account__name", "memo")
    ordering_of_account = ("-paid_at", "-id")


@admin.register(Charge)
class ChargeAdmin(ReadOnlyAdmin[Charge]):
    list_display = ("charged_at", "account", "kind", "item", "amount", "balance_after")
    list_select_related = ("account",)
    list_filter = (OfAccount, "kind", "charged_at")
    search_fields = ("account__number", "account__name")
    ordering_of_account = ("-charged_at", "-id")


@admin.register(SyncMark)
class SyncMarkAdmin(ReadOnlyAdmin[SyncMark]):
    list_display = ("account", "stream", "complete_from", "complete_until")
    list_select_related = ("account",)
    list_filter = (OfAccount, "stream")
    search_fields = ("account__number",)
    ordering = ("complete_until",)
