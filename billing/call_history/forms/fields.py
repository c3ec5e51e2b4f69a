"""Numbers and destinations as people write them into an address."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from django import forms
from django.utils.translation import gettext_lazy as _

from billing.call_history.queries.numbers import BETWEEN

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

# What telephone numbers and SIP addresses are written with.
NUMBER = re.compile(r"[\w +.()@#*:\-]*")
CODE = re.compile(r"[0-9*#]*")
LONGEST = 100


class NumberField(forms.CharField):
    """A number as it is written. What it may stand for is up to the filter."""

    too_long: StrOrPromise = _("No number is that long, so calls of every number are shown.")
    unreadable: StrOrPromise = _(
        "A number has letters, digits and + - . _ @ # * : only, so calls of every number are shown."
    )

    def __init__(self, label: StrOrPromise) -> None:
        super().__init__(
            label=label,
            required=False,
            max_length=LONGEST,
            widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off", "type": "search"}),
            error_messages={"max_length": self.too_long},
        )

    def clean(self, value: str) -> str:
        number = self.written(value)
        if not NUMBER.fullmatch(number):
            raise forms.ValidationError(self.unreadable)
        return number

    def written(self, value: str) -> str:
        return " ".join(super().clean(value).split())


class DestinationField(NumberField):
    """A destination: a code, between whose digits people write spaces and the like, or a name as rates have it."""

    too_long = _("No destination is that long, so calls of every destination are shown.")
    unreadable = _("A code has digits only, so calls of every destination are shown.")

    def __init__(self) -> None:
        super().__init__(_("Destination"))
        self.widget.attrs.update({"inputmode": "text", "list": "destinations", "placeholder": _("Name or code")})

    def clean(self, value: str) -> str:
        written = self.written(value)
        if is_name(written):
            return written
        code = BETWEEN.sub("", written).replace("+", "")
        if not CODE.fullmatch(code):
            raise forms.ValidationError(self.unreadable)
        return code


def is_name(destination: str) -> bool:
    return any(character.isalpha() for character in destination)
