"""The range of days of the page that explains a balance, as it stands in the address."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django import forms
from django.http import QueryDict

from billing.forms.calls import SHOWN_DAYS, WHOLE_RANGE, DayField
from billing.queries.balance import MOST_DAYS


class RangeForm(forms.Form):
    """What cannot be read is told beside its field, and the last days are shown instead."""

    def __init__(self, data: QueryDict, *, today: date) -> None:
        self.today = today
        shown = data.copy()
        if not shown.get("from") and not shown.get("to"):
            shown["from"], shown["to"] = _default_first(today).isoformat(), today.isoformat()
        super().__init__(shown)
        # "from" is a word of Python's, and the one for an address.
        self.fields = {"from": DayField("From"), "to": DayField("Until")}

    def clean(self) -> dict[str, Any]:
        first, last = self.cleaned_data.get("from"), self.cleaned_data.get("to")
        if first and last and first > last:
            self.add_error("to", f"This is before the first day, {WHOLE_RANGE}")
        return self.cleaned_data

    def chosen(self) -> tuple[date, date]:
        """First and last day, both included."""
        self.full_clean()
        first, last = self.cleaned_data.get("from"), self.cleaned_data.get("to")
        if self.errors:
            return _default_first(self.today), self.today
        last = last or max(self.today, first or self.today)
        first = first or _default_first(last)
        if (last - first).days >= MOST_DAYS:
            self.add_error("from", f"More than {MOST_DAYS} days are too many at once, so the last of them are shown.")
            first = last - timedelta(days=MOST_DAYS - 1)
        return first, last


def _default_first(last: date) -> date:
    return last - timedelta(days=SHOWN_DAYS - 1)
