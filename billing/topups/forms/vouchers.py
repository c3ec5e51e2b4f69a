from __future__ import annotations

from typing import Any

from django import forms
from django.core.validators import RegexValidator

from billing.topups.services.voucher_cards import Card

BLANKS = str.maketrans("", "", " -")
LONGEST = 40


class Unshown(forms.TextInput):
    """What was typed never comes back in a page."""

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        return super().get_context(name, None, attrs)


class CardNumber(forms.CharField):
    """As it is printed: in groups, with blanks or hyphens between them."""

    def to_python(self, value: Any) -> str:
        return str(super().to_python(value) or "").translate(BLANKS)


class CardForm(forms.Form):
    pin = CardNumber(
        label="Card number",
        max_length=LONGEST,
        validators=[RegexValidator(r"\A[0-9A-Za-z]+\Z", "A card number has digits and letters alone.")],
        widget=Unshown(attrs={"inputmode": "numeric", "autocomplete": "off", "autofocus": True}),
        error_messages={"required": "Enter the number of the card."},
    )
    password = forms.CharField(
        label="Password of the card",
        required=False,
        max_length=LONGEST,
        validators=[RegexValidator(r"\A[!-~]+\Z", "This is not the password of a card.")],
        help_text="Often under a layer to be scratched off. Leave it empty if the card has none.",
        widget=Unshown(attrs={"autocomplete": "off"}),
    )

    def card(self) -> Card:
        return Card(pin=self.cleaned_data["pin"], password=self.cleaned_data["password"])
