from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms

from accounts.models import Switch
from billing.forms.form_fields import AmountField, KeyedForm, read_amount
from billing.services.topups import LONGEST_NOTE, KeyReused, TopUpRefused


class TopUpForm(KeyedForm):
    """How much to top up, and a note."""

    amount = AmountField()
    note = forms.CharField(
        label="Note",
        required=False,
        max_length=LONGEST_NOTE,
        help_text="For your own books, such as an invoice number.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    # Only the confirmation shows it, where the same top-up was asked for just before.
    again = forms.BooleanField(
        label="Yes, I mean another one", required=False, widget=forms.CheckboxInput(attrs={"required": True})
    )

    def __init__(self, data: Any = None, *, switch: Switch) -> None:
        super().__init__(data)
        self.switch = switch

    def clean_amount(self) -> Decimal:
        return read_amount(self.cleaned_data["amount"], places=self.switch.places)

    def refuse(self, error: TopUpRefused) -> None:
        """Say it beside the field that is to be corrected. A key that is used up is replaced by a new one."""
        self.add_error(error.field if error.field in ("amount", "note") else None, str(error))
        if isinstance(error, KeyReused):
            self.replace_key()
