from __future__ import annotations

from decimal import Decimal
from typing import Any

from billing.topups.services.errors import KeyReused, TopUpRefused
from billing.web.form_fields import AmountField, KeyedForm, RepeatableForm, read_amount


class CardPaymentForm(KeyedForm, RepeatableForm):
    """Asks how much to pay by card. The card itself is asked for on the provider's page."""

    amount = AmountField()

    def __init__(self, data: Any = None, *, places: int, currency: str) -> None:
        super().__init__(data)
        self.places, self.currency = places, currency

    def clean_amount(self) -> Decimal:
        return read_amount(self.cleaned_data["amount"], places=self.places, currency=self.currency)

    def requested(self) -> dict[str, Any]:
        """What was entered, as `payments.start` takes it."""
        cleaned = self.cleaned_data
        return {"amount": cleaned["amount"], "key": cleaned["key"], "besides_unsettled": cleaned["again"]}

    def refuse(self, error: TopUpRefused) -> None:
        """Show a refusal, beside the amount where that is to be corrected. A key that is used up is replaced."""
        self.add_error("amount" if error.field == "amount" else None, str(error.because))
        if isinstance(error, KeyReused):
            self.replace_key()
