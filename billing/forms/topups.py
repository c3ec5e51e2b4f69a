from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.crypto import get_random_string

from accounts.models import Switch
from billing.amounts import BadAmount, parse_amount
from billing.services.topups import LONGEST_KEY, LONGEST_NOTE, KeyReused, TopUpRefused

KEY_LENGTH = 32


def new_key() -> str:
    return get_random_string(KEY_LENGTH)


class TopUpForm(forms.Form):
    """Amount, note, and the key that makes sending the form twice the same as sending it once."""

    amount = forms.CharField(
        label="Amount",
        max_length=40,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off", "autofocus": True}),
        error_messages={"required": "Enter an amount.", "max_length": "The amount has too many digits."},
    )
    note = forms.CharField(
        label="Note",
        required=False,
        max_length=LONGEST_NOTE,
        help_text="For your own books, such as an invoice number.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    key = forms.CharField(max_length=LONGEST_KEY, widget=forms.HiddenInput)
    # Only the confirmation shows it, where the same top-up was asked for just before.
    again = forms.BooleanField(
        label="Yes, I mean another one", required=False, widget=forms.CheckboxInput(attrs={"required": True})
    )

    def __init__(self, data: Any = None, *, switch: Switch) -> None:
        super().__init__(data, initial={"key": new_key()})
        self.switch = switch

    def clean_amount(self) -> Decimal:
        try:
            return parse_amount(self.cleaned_data["amount"], places=self.switch.places)
        except BadAmount as error:
            raise forms.ValidationError(str(error)) from error

    def refuse(self, error: TopUpRefused) -> None:
        """Say it beside the field that is to be corrected. A key that is used up is replaced by a new one."""
        self.add_error(error.field if error.field in ("amount", "note") else None, str(error))
        if isinstance(error, KeyReused):
            self.data = {**{name: self.data.get(name, "") for name in self.fields}, "key": new_key()}
