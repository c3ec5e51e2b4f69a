from __future__ import annotations

from decimal import Decimal

import pytest

from billing.card_payments.providers.currencies import from_units, payable_places, to_units


@pytest.mark.parametrize(
    ("amount", "currency", "units"),
    [
        ("25.50", "USD", 2550),
        ("0.01", "EUR", 1),
        ("500", "JPY", 500),
        ("5.12", "KWD", 5120),
        ("5", "ISK", 500),
        ("5", "UGX", 500),
    ],
)
def test_an_amount_in_the_smallest_units_and_back(amount: str, currency: str, units: int) -> None:
    assert to_units(Decimal(amount), currency) == units
    assert from_units(units, currency) == Decimal(amount)


@pytest.mark.parametrize(
    ("amount", "currency"), [("1.005", "USD"), ("1.5", "JPY"), ("5.124", "KWD"), ("5.5", "ISK"), ("5.5", "UGX")]
)
def test_what_cannot_be_paid_exactly_is_refused(amount: str, currency: str) -> None:
    with pytest.raises(ValueError, match="exactly"):
        to_units(Decimal(amount), currency)


def test_places_by_currency() -> None:
    assert [payable_places(currency) for currency in ("USD", "JPY", "KWD", "UGX")] == [2, 0, 2, 0]
