from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from accounts.models import AuditAction, AuditEntry
from accounts.queries import audit_search
from accounts.staff_pages.base import ReadOnlyAdmin
from accounts.staff_pages.filters import Between, ByOrToPerson, OfAccount, OfAction
from accounts.staff_pages.links import link


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin[AuditEntry]):
    list_display = ("when", "who", "role", "did", "about_what", "of_account", "address")
    list_select_related = ("account",)
    list_filter = (Between, OfAction, ByOrToPerson, OfAccount)
    search_fields = ("who",)  # what is searched, `audit_search` says
    search_help_text = _("A person, an account, or words of what was done")
    ordering = ("-at", "-id")
    sortable_by = ()
    fields = (
        *("when", "who", "user", "role", "via", "account", "did", "about", "text", "differences"),
        *("address", "session", "user_agent"),
    )
    readonly_fields = fields

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[AuditEntry], search_term: str
    ) -> tuple[QuerySet[AuditEntry], bool]:
        text = search_term.strip()
        return (audit_search.search(queryset, text) if text else queryset), False

    @admin.display(description=_("when"))
    def when(self, entry: AuditEntry) -> str:
        return f"{entry.at:%Y-%m-%d %H:%M:%S}"

    @admin.display(description=_("did"))
    def did(self, entry: AuditEntry) -> str:
        return entry.get_action_display()

    @admin.display(description=_("what"))
    def about(self, entry: AuditEntry) -> str:
        if not entry.subject_id or entry.action == AuditAction.REMOVED:
            return entry.subject
        return link(entry.subject_type, entry.subject_id, entry.subject)

    @admin.display(description=_("what"))
    def about_what(self, entry: AuditEntry) -> SafeString:
        return format_html_join(" ", "{}", ((part,) for part in (self.about(entry), entry.text) if part))

    @admin.display(description=_("what changed"))
    def differences(self, entry: AuditEntry) -> SafeString:
        rows = ((field, before or "—", after or "—") for field, (before, after) in entry.changes.items())
        return format_html_join("; ", "{}: {} → {}", rows)
