"""The filters of the call history, as they stand in the address."""

from __future__ import annotations

import re
from datetime import date
from zoneinfo import ZoneInfo

from django import forms
from django.http import QueryDict

from billing.forms.days import DaysForm
from billing.queries.history import CallFilter

NUMBER = re.compile(r"[0-9*#]*")
ANSWERED = {"": None, "yes": True, "no": False}


class CallFilterForm(DaysForm):
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
        super().__init__(data, today=today)
        self.zone = zone

    def clean_number(self) -> str:
        number = re.sub(r"[\s+().\-]", "", self.cleaned_data["number"])
        if not NUMBER.fullmatch(number):
            raise forms.ValidationError("A number has digits only, so calls of every number are shown.")
        return number

    def chosen(self) -> CallFilter:
        self.full_clean()
        first, last = self.days()
        return CallFilter(
            zone=self.zone,
            first=first,
            last=last,
            number=self.cleaned_data.get("number", ""),
            answered=ANSWERED[self.cleaned_data.get("answered", "")],
        )
