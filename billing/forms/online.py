from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms

from accounts.models import Switch
from billing.amounts import BadAmount, parse_amount
from billing.forms.topups import TopUpForm


class OnlinePaymentForm(TopUpForm):
    """How much to pay by card. The card itself is asked for on the provider's page."""

    def __init__(self, data: Any = None, *, switch: Switch, places: int) -> None:
        super().__init__(data, switch=switch)
        for field in ("note", "again"):
            del self.fields[field]
        self.places = places

    def clean_amount(self) -> Decimal:
        try:
            return parse_amount(self.cleaned_data["amount"], places=self.places)
        except BadAmount as error:
            raise forms.ValidationError(str(error)) from error
