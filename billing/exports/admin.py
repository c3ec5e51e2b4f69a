from __future__ import annotations

from zoneinfo import ZoneInfo

from django.contrib import admin
from django.http import QueryDict
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy

from accounts.staff_pages.base import ReadOnlyAdmin
from accounts.staff_pages.filters import OfAccount
from billing.call_history.tables import table_of
from billing.exports.models import Export


@admin.register(Export)
class ExportAdmin(ReadOnlyAdmin[Export]):
    """Who took which calls away, and what became of each file."""

    list_display = (
        *("asked_at", "reference", "of_account", "asked_by", "kind", "first", "last"),
        *("rows_done", "state", "why"),
    )
    list_select_related = ("account__switch", "asked_by")
    list_filter = (OfAccount, "state", "kind", "asked_at")
    search_fields = ("=reference", "account__number", "account__name", "asked_by__email")
    ordering = ("-id",)
    fields = (
        *("reference", "account", "asked_by", "asked_at", "kind", "calls", "zone", "first", "last", "was_fresh"),
        *("state", "why", "tries", "rows_done", "rows_total", "moved_at", "ended_at", "size", "expires_at"),
    )

    @admin.display(description=gettext_lazy("which calls"))
    def calls(self, export: Export) -> SafeString:
        """What was chosen beside the days, and a link to the page that lists the same calls."""
        asked, zone = QueryDict(export.asked), ZoneInfo(export.zone)
        words = table_of(account=export.account, asked=asked, zone=zone, today=export.last).words
        place = f"{reverse('calls', args=[export.account.public_id])}?{export.asked}"
        return format_html(
            gettext('{calls} (<a href="{place}">as the page lists them</a>)'),
            calls=", ".join(words) or gettext("all"),
            place=place,
        )
