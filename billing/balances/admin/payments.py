from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.staff_pages.base import ReadOnlyAdmin
from accounts.staff_pages.filters import OfAccount
from billing.balances.models import Charge, Payment, SyncMark


class CameFrom(admin.SimpleListFilter):
    """Payments by whether they came from a top-up of the portal; a stray one says so, but no top-up tells of it."""

    title = _("where it came from")
    parameter_name = "from"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("topup", gettext("a top-up of the portal")),
            ("elsewhere", gettext("elsewhere")),
            ("lost", gettext("a top-up that is not known here")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Payment]) -> QuerySet[Payment]:
        if self.value() == "lost":
            return queryset.filter(stray__isnull=False, topup__isnull=True)
        if self.value() not in ("topup", "elsewhere"):
            return queryset
        return queryset.filter(topup__isnull=self.value() == "elsewhere")


@admin.register(Payment)
class PaymentAdmin(ReadOnlyAdmin[Payment]):
    list_display = ("paid_at", "of_account", "kind", "method", "amount", "balance_after", "memo", "came_from")
    list_select_related = ("account__switch", "topup")
    list_filter = (OfAccount, CameFrom, "kind", "method", "paid_at")
    search_fields = (
        "account__number",
        "account__name",
        "memo",
        # The debit of a transfer is known by the reference of its credit.
        "=topup__credit__reference",
        "=topup__gives_back__credit__reference",
    )
    ordering_of_account = ("-paid_at", "-id")

    @admin.display(description=_("from"))
    def came_from(self, payment: Payment) -> str | SafeString:
        topup = getattr(payment, "topup", None)
        if topup is None:
            return gettext("elsewhere")
        return format_html('<a href="{}">{}</a>', reverse("admin:topups_topup_change", args=[topup.pk]), topup)


@admin.register(Charge)
class ChargeAdmin(ReadOnlyAdmin[Charge]):
    list_display = ("charged_at", "of_account", "kind", "item", "amount", "balance_after")
    list_select_related = ("account__switch",)
    list_filter = (OfAccount, "kind", "charged_at")
    search_fields = ("account__number", "account__name")
    ordering_of_account = ("-charged_at", "-id")


@admin.register(SyncMark)
class SyncMarkAdmin(ReadOnlyAdmin[SyncMark]):
    list_display = ("complete_until", "complete_from", "stream", "of_account")
    list_select_related = ("account",)
    list_filter = (OfAccount, "stream")
    search_fields = ("account__number",)
    ordering = ("complete_until",)
