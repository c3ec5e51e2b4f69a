"""Links from one row's page on the staff site to another's."""

from __future__ import annotations

from django.db.models import Model
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html


def linked(row: Model | None) -> str:
    """A row's name, which leads to its page."""
    return link(row._meta.label_lower, row.pk, str(row)) if row else ""


def link(model: str, pk: object, name: str) -> str:
    """A name that leads to the page of a row, where its kind has pages: `model` is such as accounts.user."""
    try:
        page = reverse(f"admin:{model.replace('.', '_')}_change", args=[pk])
    except NoReverseMatch:
        return name
    return format_html('<a href="{}">{}</a>', page, name)
