"""Addresses of other places in a list, with the same filters."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from django.http import QueryDict
from django.utils.formats import date_format
from django.utils.translation import gettext

from billing.lib.days import DAY

# Where in the list one is, and how much of it is looked at.
PLACES = ("after", "before", "further", "sums")


def page_link(asked: QueryDict, **changes: str | None) -> str:
    """The query of an address with these changes, at the beginning of the list; empty where a change is None."""
    if None in changes.values():
        return ""
    query = asked.copy()
    for place in PLACES:
        query.pop(place, None)
    for name, value in changes.items():
        query[name] = value or ""
    return f"?{query.urlencode()}"


def ranges_of(
    asked: QueryDict, ranges: Mapping[str, tuple[date, date]], chosen: tuple[date | None, date | None]
) -> list[tuple[str, str, bool]]:
    """Title, address and whether it is chosen, for the ranges of days that people ask for most."""
    return [
        (title, page_link(asked, **{"from": days[0].isoformat(), "to": days[1].isoformat()}), days == chosen)
        for title, days in ranges.items()
    ]


def usual_ranges(asked: QueryDict, today: date, chosen: tuple[date | None, date | None]) -> list[tuple[str, str, bool]]:
    """Where sums of days are looked at: today, yesterday, and the months."""
    month = today.replace(day=1)
    month_before = (month - DAY).replace(day=1)
    ranges = {
        gettext("Today"): (today, today),
        gettext("Yesterday"): (today - DAY, today - DAY),
        gettext("30 days"): (today - 29 * DAY, today),
        date_format(month, "F"): (month, today),
        date_format(month_before, "F"): (month_before, month - DAY),
    }
    return ranges_of(asked, ranges, chosen)
