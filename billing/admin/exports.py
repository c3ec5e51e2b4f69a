from __future__ import annotations

from django.contrib import admin

from accounts.admin_base import OfAccount, ReadOnlyAdmin
from billing.models import Export


@admin.register(Export)
class ExportAdmin(ReadOnlyAdmin[Export]):
    """Who took which calls away, and what became of each file."""

    list_display = (
        *("asked_at", "reference", "of_account", "asked_by", "kind", "first", "last"),
        *("rows_done", "state", "tries", "why"),
    )
    list_select_related = ("account__switch", "asked_by")
    list_filter = (OfAccount, "state", "kind", "asked_at")
    search_fields = ("=reference", "account__number", "account__name", "asked_by__email")
    ordering = ("-id",)
