from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.lib.money import DASH
from accounts.staff_pages.base import ReadOnlyAdmin
from accounts.staff_pages.filters import OfAccount, in_words
from billing.calls.models import CountingRule, ReportCalendar


@admin.register(CountingRule)
class CountingRuleAdmin(ReadOnlyAdmin[CountingRule]):
    """By which rule the daily report of each switch counts calls, and from which days that is known."""

    list_display = ("switch", "rule", "decided_at", "evidence", "contradictions", "contradicted_at")
    list_select_related = ("switch",)
    list_filter = (
        ("decided_at", in_words(_("how it counts"), empty=_("not known"), filled=_("known"))),
        ("contradicted_at", in_words(_("contradicted"), empty=_("never"), filled=_("by a day"))),
        "switch",
    )
    fields = (
        *("switch", "rule", "day_by", "unanswered", "places", "as_listed", "decided_at", "evidence", "contradictions"),
        *("possible_rules", "learnt_from", "contradicted_at", "contradicted_by", "days"),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[CountingRule]:
        return super().get_queryset(request).select_related("switch", "contradicted_by")

    @admin.display(description=_("how it counts"))
    def rule(self, row: CountingRule) -> str:
        if row.decided_at is None:
            return gettext("not yet known how this switch counts")
        counted = gettext("unanswered ones too") if row.unanswered else gettext("answered ones alone")
        figures = {"day": row.get_day_by_display(), "counted": counted, "places": row.places}
        return gettext("a call counts on %(day)s, %(counted)s; fees to %(places)s decimals") % figures

    @admin.display(description=_("learnt from"))
    def evidence(self, row: CountingRule | ReportCalendar) -> str:
        return _evidence(row)

    @admin.display(description=_("see"))
    def days(self, row: CountingRule) -> SafeString:
        place = f"{reverse('admin:calls_callday_changelist')}?account__switch__id__exact={row.switch_id}"
        return format_html('<a href="{}&amp;state__exact=not_known">{}</a>', place, gettext("days that wait for it"))


@admin.register(ReportCalendar)
class ReportCalendarAdmin(ReadOnlyAdmin[ReportCalendar]):
    """In which time zone the reports of accounts are, where it is not their switch's."""

    list_display = ("of_account", "zones", "is_stated", "decided_at", "evidence")
    list_select_related = ("account__switch",)
    list_filter = (OfAccount, "account__switch", "is_stated")
    search_fields = ("account__number", "account__name")
    fields = ("account", "zones", "is_stated", "decided_at", "evidence")

    @admin.display(description=_("time zone"))
    def zones(self, row: ReportCalendar) -> str:
        return row.zone

    @admin.display(description=_("learnt from"))
    def evidence(self, row: ReportCalendar) -> str:
        return _evidence(row)


def _evidence(row: CountingRule | ReportCalendar) -> str:
    """Say from how many days it was learnt, and from when."""
    if not row.evidence_days or row.evidence_first is None or row.evidence_last is None:
        return DASH
    figures = {
        "days": row.evidence_days,
        "first": date_format(row.evidence_first, "j M"),
        "last": date_format(row.evidence_last, "j M Y"),
    }
    return gettext("%(days)s days of accounts, %(first)s to %(last)s") % figures
