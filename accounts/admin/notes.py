from __future__ import annotations

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from accounts.models import Note
from accounts.staff_pages.actor import member_of_staff
from accounts.staff_pages.base import StaffAdmin
from accounts.staff_pages.filters import OfAccount
from accounts.staff_pages.links import linked


@admin.register(Note)
class NoteAdmin(StaffAdmin[Note]):
    """Notes of staff for their colleagues: written once, never edited."""

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
        self.message_user(request, _("Noted."))
        return redirect("admin:accounts_account_change", obj.account_id)


def last_notes(account_id: int) -> SafeString:
    notes = Note.objects.filter(account=account_id).select_related("by").order_by("-at", "-id")[:5]
    rows = ((f"{note.at:%Y-%m-%d %H:%M}", linked(note.by), note.text) for note in notes)
    return format_html_join("\n", "<p>{} {}: {}</p>", rows)
