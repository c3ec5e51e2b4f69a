"""Addresses of other places in a list, with the same filters."""

from __future__ import annotations

from django.http import QueryDict

PLACES = ("after", "before")


def turned(asked: QueryDict, **changes: str | None) -> str:
    """The query with these changes and at the beginning of the list; empty where a change is None."""
    if None in changes.values():
        return ""
    query = asked.copy()
    for place in PLACES:
        query.pop(place, None)
    for name, value in changes.items():
        query[name] = value or ""
    return f"?{query.urlencode()}"
