"""The filters of the call history, as they stand in the address."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.http import QueryDict

from billing.queries.history import CallFilter

SHOWN_DAYS = 30
EARLIEST = date(2000, 1, 1)
LATEST = date(2100, 1, 1)
NUMBER = re.compile(r"[0-9*#]*")
ANSWERED = {"": None, "yes": True, "no": False}
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


class CallFilterForm(forms.Form):
    """What cannot be read is told beside its field, and the list is the one without that filter."""

    number = forms.CharField(
        label="Number begins with",
        required=False,
        max_length=40,
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off", "type": "search"}),
        error_messages={"max_length": "No number is that long, so calls of every number are shown."},
    )
    answered = forms.ChoiceField(
        label="Calls",
        required=False,
        choices=[("", "All"), ("yes", "Answered"), ("no", "Not answered")],
        error_messages={"invalid_choice": "Choose one of these; all calls are shown."},
    )

    def __init__(self, data: QueryDict, *, zone: ZoneInfo, today: date) -> None:
        self.zone, self.today = zone, today
        shown = data.copy()
        if not shown.get("from") and not shown.get("to"):
            shown["from"], shown["to"] = self._default_first(today).isoformat(), today.isoformat()
        super().__init__(shown)
        # "from" is a word of Python's, and the one for an address.
        self.fields = {"from": DayField("From"), "to": DayField("Until"), **self.fields}

    def clean_number(self) -> str:
        number = re.sub(r"[\s+().\-]", "", self.cleaned_data["number"])
        if not NUMBER.fullmatch(number):
            raise forms.ValidationError("A number has digits only, so calls of every number are shown.")
        return number

    def clean(self) -> dict[str, Any]:
        first, last = self.cleaned_data.get("from"), self.cleaned_data.get("to")
        if first and last and first > last:
            self.add_error("to", f"This is before the first day, {WHOLE_RANGE}")
        return self.cleaned_data

    def chosen(self) -> CallFilter:
        self.full_clean()
        first, last = self.cleaned_data.get("from"), self.cleaned_data.get("to")
        if "from" in self.errors or "to" in self.errors:
            first = last = None
        last = last or max(self.today, first or self.today)
        return CallFilter(
            zone=self.zone,
            first=first or self._default_first(last),
            last=last,
            number=self.cleaned_data.get("number", ""),
            answered=ANSWERED[self.cleaned_data.get("answered", "")],
        )

    @staticmethod
    def _default_first(last: date) -> date:
        return last - timedelta(days=SHOWN_DAYS - 1)
