"""Numbers and destinations as people write them into an address."""

from __future__ import annotations

import re

from django import forms

NUMBER = re.compile(r"[0-9*#]*")
ALL = "so calls of every {} are shown."


class NumberField(forms.CharField):
    """Of the number's digits; people also write spaces, brackets, dots, dashes and a plus between them."""

    def __init__(self, label: str, *, about: str = "number", longest: int = 40) -> None:
        self.shown = ALL.format(about)
        super().__init__(
            label=label,
            required=False,
            max_length=longest,
            widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off", "type": "search"}),
            error_messages={"max_length": f"No {about} is that long, {self.shown}"},
        )

    def clean(self, value: str) -> str:
        number = re.sub(r"[\s+().\-]", "", super().clean(value))
        if not NUMBER.fullmatch(number):
            raise forms.ValidationError(f"A number has digits only, {self.shown}")
        return number


class DestinationField(NumberField):
    """A code as a number is written, or a name as rates have it."""

    def __init__(self) -> None:
        super().__init__("Destination", about="destination", longest=100)
        self.widget.attrs.update({"inputmode": "text", "list": "destinations", "placeholder": "Name or code"})

    def clean(self, value: str) -> str:
        written = forms.CharField.clean(self, value)
        return " ".join(written.split()) if is_name(written) else super().clean(value)


def is_name(destination: str) -> bool:
    return any(character.isalpha() for character in destination)
