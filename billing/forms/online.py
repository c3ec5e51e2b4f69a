from __future__ import annotations

from decimal import Decimal
from typing import Any

from billing.forms.form_fields import AmountField, KeyedForm, read_amount
from billing.services.topups import KeyReused, TopUpRefused


class OnlinePaymentForm(KeyedForm):
    """How much to pay by card. The card itself is asked for on the provider's page."""

    amount = AmountField()

    def __init__(self, data: Any = None, *, places: int) -> None:
        super().__init__(data)
        self.places = places

    def clean_amount(self) -> Decimal:
        return read_amount(self.cleaned_data["amount"], places=self.places)

    def refuse(self, error: TopUpRefused) -> None:
        """Say it beside the amount where that is to be corrected. A key that is used up is replaced by a new one."""
        self.add_error("amount" if error.field == "amount" else None, str(error))
        if isinstance(error, KeyReused):
            self.replace_key()
