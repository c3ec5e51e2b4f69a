from __future__ import annotations

from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from billing.topups.services.voucher_cards import Card
from billing.web.form_fields import RepeatableForm

BLANKS = str.maketrans("", "", " -")
LONGEST = 40


class Unshown(forms.TextInput):
    """A field whose value never comes back in a page."""

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        return super().get_context(name, None, attrs)


class CardNumber(forms.CharField):
    """A card's number as it is printed: in groups, with blanks or hyphens between them."""

    def to_python(self, value: Any) -> str:
        return str(super().to_python(value) or "").translate(BLANKS)


class CardConfirmation(RepeatableForm):
    """Confirms what a card holds, with the tick where another top-up may yet arrive."""


class CardForm(forms.Form):
    """Asks for a voucher card's number and password."""

    pin = CardNumber(
        label=_("Card number"),
        max_length=LONGEST,
        validators=[RegexValidator(r"\A[0-9A-Za-z]+\Z", _("A card number has digits and letters alone."))],
        widget=Unshown(attrs={"inputmode": "numeric", "autocomplete": "off", "autofocus": True}),
        error_messages={"required": _("Enter the number of the card.")},
    )
    password = forms.CharField(
        label=_("Password of the card"),
        required=False,
        max_length=LONGEST,
        validators=[RegexValidator(r"\A[!-~]+\Z", _("This is not the password of a card."))],
        help_text=_("Often under a layer to be scratched off. Leave it empty if the card has none."),
        widget=Unshown(attrs={"autocomplete": "off"}),
    )

    def card(self) -> Card:
        return Card(pin=self.cleaned_data["pin"], password=self.cleaned_data["password"])
