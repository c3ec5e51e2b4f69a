"""Writes what staff do and look at into the audit trail, in place of the admin's own log."""

from __future__ import annotations

from django import forms
from django.contrib.admin.utils import unquote
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from accounts.access import Access
from accounts.models import Account, AuditAction, AuditEntry
from accounts.services import audit
from accounts.staff_pages.actor import acting

HISTORY_BOUND = 100


def record(request: HttpRequest, action: AuditAction, row: Model, what: audit.Changes | str = "") -> None:
    """Record what a member of staff does to a row; `what` is a text or the fields that changed."""
    text, changes = (what, None) if isinstance(what, str) else ("", what)
    by = acting(request, audit.account_of(row))
    audit.note(action=action, now=timezone.now(), by=by, subject=row, text=text, changes=changes)


def record_look(request: HttpRequest, account: Account | None) -> None:
    """Record that a member of staff looks at what is kept of an account; what is of none is no one's privacy."""
    by = acting(request, account)
    if isinstance(by, Access):
        audit.look(access=by, path=request.get_full_path(), now=timezone.now())


def changes_of(form: forms.Form, *, is_new: bool) -> audit.Changes:
    """The fields that a form changed, from what to what."""
    before = {} if is_new else {name: _words(form.initial.get(name)) for name in form.changed_data}
    return audit.changed(before, {name: _words(form.cleaned_data.get(name)) for name in form.changed_data})


def history_of(model: type[Model], object_id: str) -> QuerySet[AuditEntry]:
    """The last entries about one row. `object_id` is as it stands in the address of its page."""
    entries = AuditEntry.objects.filter(subject_type=model._meta.label_lower, subject_id=unquote(object_id)[:40])
    return entries.order_by("-at", "-id")[:HISTORY_BOUND]


def _words(value: object) -> str:
    """A field's value as a form holds it: rows by their names, many of them in one line."""
    if value is None:
        return ""
    if isinstance(value, QuerySet | list | tuple):
        return ", ".join(sorted(str(one) for one in value))
    return str(value)
