from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Switch
from billing.topups.services.errors import KeyReused, TopUpRefused
from billing.topups.services.requests import LONGEST_NOTE
from billing.web.form_fields import AmountField, KeyedForm, RepeatableForm, read_amount


class TopUpForm(KeyedForm, RepeatableForm):
    """Asks how much to top up, with a note."""

    amount = AmountField()
    note = forms.CharField(
        label=_("Note"),
        required=False,
        max_length=LONGEST_NOTE,
        help_text=_("For your own books, such as an invoice number."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, data: Any = None, *, switch: Switch) -> None:
        super().__init__(data)
        self.switch = switch

    def clean_amount(self) -> Decimal:
        return read_amount(self.cleaned_data["amount"], places=self.switch.places, currency=self.switch.currency)

    def refuse(self, error: TopUpRefused) -> None:
        """Show a refusal beside the field that is to be corrected. A key that is used up is replaced by a new one."""
        self.add_error(error.field if error.field in ("amount", "note") else None, str(error.because))
        if isinstance(error, KeyReused):
            self.replace_key()
