"""Numbers and destinations as people write them into an address."""

from __future__ import annotations

import re

from django import forms

from billing.call_history.queries.numbers import BETWEEN

# What telephone numbers and SIP addresses are written with.
NUMBER = re.compile(r"[\w +.()@#*:\-]*")
CODE = re.compile(r"[0-9*#]*")
LONGEST = 100
ALL = "so calls of every {} are shown."


class NumberField(forms.CharField):
    """As it is written: what it may stand for is the filter's to say."""

    def __init__(self, label: str, *, about: str = "number") -> None:
        self.shown = ALL.format(about)
        super().__init__(
            label=label,
            required=False,
            max_length=LONGEST,
            widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off", "type": "search"}),
            error_messages={"max_length": f"No {about} is that long, {self.shown}"},
        )

    def clean(self, value: str) -> str:
        number = self.written(value)
        if not NUMBER.fullmatch(number):
            raise forms.ValidationError(f"A number has letters, digits and + - . _ @ # * : only, {self.shown}")
        return number

    def written(self, value: str) -> str:
        return " ".join(super().clean(value).split())


class DestinationField(NumberField):
    """A code, between whose digits people write spaces and the like; or a name as rates have it."""

    def __init__(self) -> None:
        super().__init__("Destination", about="destination")
        self.widget.attrs.update({"inputmode": "text", "list": "destinations", "placeholder": "Name or code"})

    def clean(self, value: str) -> str:
        written = self.written(value)
        if is_name(written):
            return written
        code = BETWEEN.sub("", written).replace("+", "")
        if not CODE.fullmatch(code):
            raise forms.ValidationError(f"A code has digits only, {self.shown}")
        return code


def is_name(destination: str) -> bool:
    return any(character.isalpha() for character in destination)
