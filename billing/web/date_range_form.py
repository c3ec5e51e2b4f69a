"""A range of days as it stands in the address."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django import forms
from django.http import QueryDict

MOST_DAYS = 366


SHOWN_DAYS = 30
EARLIEST = date(2000, 1, 1)
LATEST = date(2100, 1, 1)
WHOLE_RANGE = f"so the last {SHOWN_DAYS} days are shown."


class DayField(forms.DateField):
    def __init__(self, label: str) -> None:
        super().__init__(
            label=label,
            required=False,
            input_formats=["%Y-%m-%d"],
            widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", "max": LATEST.isoformat()}),
            error_messages={"invalid": f"This is no date, {WHOLE_RANGE}"},
        )

    def clean(self, value: Any) -> date | None:
        day: date | None = super().clean(value)
        if day and not EARLIEST <= day <= LATEST:
            raise forms.ValidationError(f"Nothing can be found there, {WHOLE_RANGE}")
        return day


class DaysForm(forms.Form):
    """What cannot be read is told beside its field, and the last days are shown instead."""

    def __init__(self, data: QueryDict, *, today: date) -> None:
        self.today = today
        shown = data.copy()
        if not shown.get("from") and not shown.get("to"):
            shown["from"], shown["to"] = _default_first(today).isoformat(), today.isoformat()
        super().__init__(shown)
        # "from" is a word of Python's, and the one for an address.
        self.fields = {"from": DayField("From"), "to": DayField("Until"), **self.fields}

    def clean(self) -> dict[str, Any]:
        first, last = self.cleaned_data.get("from"), self.cleaned_data.get("to")
        if first and last and first > last:
            self.add_error("to", f"This is before the first day, {WHOLE_RANGE}")
        return self.cleaned_data

    def days(self) -> tuple[date, date]:
        """First and last day, both included. For a form that was cleaned."""
        first, last = self.cleaned_data.get("from"), self.cleaned_data.get("to")
        if "from" in self.errors or "to" in self.errors:
            first = last = None
        last = last or max(self.today, first or self.today)
        return first or _default_first(last), last


def _default_first(last: date) -> date:
    return last - timedelta(days=SHOWN_DAYS - 1)


class RangeForm(DaysForm):
    """The days of a page that adds up each of them, so that there is a bound to how many."""

    def chosen(self) -> tuple[date, date]:
        """First and last day, both included."""
        self.full_clean()
        first, last = self.days()
        if (last - first).days >= MOST_DAYS:
            self.add_error("from", f"More than {MOST_DAYS} days are too many at once, so the last of them are shown.")
            first = last - timedelta(days=MOST_DAYS - 1)
        return first, last
