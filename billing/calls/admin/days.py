from __future__ import annotations

from django.contrib import admin
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from accounts.lib.money import DASH, money
from accounts.staff_pages.base import ReadOnlyAdmin
from accounts.staff_pages.filters import OfAccount, in_words
from billing.calls.admin.related_rows import calls_of_day, rows_of_day
from billing.calls.models import CallDay, UnreadableRecord


@admin.register(CallDay)
class CallDayAdmin(ReadOnlyAdmin[CallDay]):
    """What is known of the calls of each day: whether they were fetched, and whether they are proven."""

    list_display = ("day", "of_account", "state", "why", "counted", "charged", "unproven_since", "tries")
    list_select_related = ("account__switch",)
    list_filter = (
        *(OfAccount, "account__switch", "state", "day"),
        ("unusable_report", in_words(_("report"), empty=_("usable, or not asked for yet"), filled=_("says nothing"))),
    )
    search_fields = ("account__number", "account__name")
    ordering = ("-day", "-id")
    ordering_of_account = ("-day",)
    sortable_when_long = ("day",)
    fields = (
        *("account", "day", "state", "why", "pages", "fetched_at", "checked_at"),
        *("counted", "charged", "answered", "talk_seconds", "billed_seconds"),
        *("unreadable", "rounded", "elsewhere_calls", "elsewhere_fee", "apart_calls", "apart_fee", "fee_slack"),
        "report_begins_at",
        *("unproven_since", "tries", "next_try_at", "failed_at", "failures", "fetch_again_at"),
    )

    def view_on_site(self, day: CallDay) -> str:
        return calls_of_day(day)

    @admin.display(description=_("why not proven"))
    def why(self, day: CallDay) -> str:
        words = (day.unusable_report, day.why_not_fetched.label if day.why_not_fetched else None)
        return " ".join(str(one) for one in words if one) or DASH

    @admin.display(description=_("calls / report"), ordering="calls")
    def counted(self, day: CallDay) -> SafeString:
        reported = DASH if day.reported_calls is None else f"{day.reported_calls:,}"
        return format_html('<a href="{}">{}</a> / {}', calls_of_day(day), f"{day.calls:,}", reported)

    @admin.display(description=_("fee / report"), ordering="fee")
    def charged(self, day: CallDay) -> str:
        currency = day.account.switch.currency
        return f"{money(day.fee, currency)} / {money(day.reported_fee, currency)}"

    @admin.display(description=_("see"))
    def pages(self, day: CallDay) -> SafeString:
        return format_html_join(" · ", '<a href="{}">{}</a>', rows_of_day(day))


@admin.register(UnreadableRecord)
class UnreadableRecordAdmin(ReadOnlyAdmin[UnreadableRecord]):
    """Records that could not be read, which keep their day from being proven."""

    list_display = ("day", "of_account", "reason", "excerpt", "noticed_at")
    list_select_related = ("account",)
    list_filter = (OfAccount, "day")
    search_fields = ("account__number", "account__name")
    ordering = ("-id",)
