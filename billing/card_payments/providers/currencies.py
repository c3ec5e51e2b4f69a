"""How Stripe counts money: in whole smallest units (docs.stripe.com/currencies)."""

from __future__ import annotations

from decimal import Decimal

NO_DECIMALS = frozenset(
    {"BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF"}
)
# Stripe counts these in thousandths, whose last digit must be zero.
THREE_DECIMALS = frozenset({"BHD", "JOD", "KWD", "OMR", "TND"})
# Only whole amounts of these can be paid, and Stripe counts them in hundredths all the same.
WHOLE_IN_HUNDREDTHS = frozenset({"ISK", "UGX"})


def payable_places(currency: str) -> int:
    """How many decimal places an amount may have that is paid by card."""
    return 0 if currency in NO_DECIMALS | WHOLE_IN_HUNDREDTHS else 2


def to_units(amount: Decimal, currency: str) -> int:
    """Turn an amount into smallest units. Raises ValueError for more decimal places than can be paid."""
    units = amount.scaleb(_exponent(currency))
    if units != units.to_integral_value() or amount != round(amount, payable_places(currency)):
        raise ValueError(f"{amount} {currency} cannot be paid exactly")
    return int(units)


def from_units(units: int, currency: str) -> Decimal:
    return Decimal(units).scaleb(-_exponent(currency))


def _exponent(currency: str) -> int:
    if currency in NO_DECIMALS:
        return 0
    return 3 if currency in THREE_DECIMALS else 2
