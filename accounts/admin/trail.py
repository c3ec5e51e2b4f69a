from __future__ import annotations

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from accounts import trail
from accounts.admin_base import BoundedAdmin, OfAccount, ReadOnlyAdmin, link, linked, member_of_staff
from accounts.admin_filters import Between, ByOrToPerson, OfAction
from accounts.models import AuditAction, AuditEntry, Note


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin[AuditEntry]):
    list_display = ("when", "who", "role", "did", "about_what", "of_account", "address")
    list_select_related = ("account",)
    list_filter = (Between, OfAction, ByOrToPerson, OfAccount)
    search_fields = ("who",)  # what is searched, `accounts.trail` says
    search_help_text = "A person, an account, or words of what was done"
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
        return (trail.search(queryset, text) if text else queryset), False

    @admin.display(description="when")
    def when(self, entry: AuditEntry) -> str:
        return f"{entry.at:%Y-%m-%d %H:%M:%S}"

    @admin.display(description="did")
    def did(self, entry: AuditEntry) -> str:
        return entry.get_action_display()

    @admin.display(description="what")
    def about(self, entry: AuditEntry) -> str:
        if not entry.subject_id or entry.action == AuditAction.REMOVED:
            return entry.subject
        return link(entry.subject_type, entry.subject_id, entry.subject)

    @admin.display(description="what")
    def about_what(self, entry: AuditEntry) -> SafeString:
        return format_html_join(" ", "{}", ((part,) for part in (self.about(entry), entry.text) if part))

    @admin.display(description="what changed")
    def differences(self, entry: AuditEntry) -> SafeString:
        rows = ((field, before or "—", after or "—") for field, (before, after) in entry.changes.items())
        return format_html_join("; ", "{}: {} → {}", rows)


@admin.register(Note)
class NoteAdmin(BoundedAdmin[Note]):
    """Written once, for the others of the staff; nobody edits it."""

    list_display = ("at", "of_account", "by", "text")
    list_select_related = ("account", "by")
    list_filter = (OfAccount,)
    search_fields = ("account__number", "account__name", "by__email")
    ordering = ("-id",)
    fields = ("account", "text")
    raw_id_fields = ("account",)

    def has_change_permission(self, request: HttpRequest, obj: Note | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Note, form: forms.Form, change: bool) -> None:
        obj.by, obj.at = member_of_staff(request), timezone.now()
        super().save_model(request, obj, form, change)

    def response_add(self, request: HttpRequest, obj: Note, post_url_continue: str | None = None) -> HttpResponse:
        """Back to the account, where the note is now shown."""
        self.message_user(request, "Noted.")
        return redirect("admin:accounts_account_change", obj.account_id)


def last_notes(account_id: int) -> SafeString:
    notes = Note.objects.filter(account=account_id).select_related("by").order_by("-at", "-id")[:5]
    rows = ((f"{note.at:%Y-%m-%d %H:%M}", linked(note.by), note.text) for note in notes)
    return format_html_join("\n", "<p>{} {}: {}</p>", rows)
