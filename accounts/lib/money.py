"""Money as people read it. What is not known is a dash."""

from __future__ import annotations

from decimal import Decimal

from accounts.lib.currencies import places_of
from accounts.lib.money_columns import MONEY_PLACES

DASH = "—"
MINUS = "−"
NARROW_SPACE = "\u202f"
SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "INR": "₹", "KRW": "₩", "VND": "₫", "NGN": "₦", "UAH": "₴"}
PLACES_AT_MOST = Decimal(1).scaleb(-MONEY_PLACES)


def money(amount: Decimal | None, currency: str = "") -> str:
    """All places that say something, at least those of the currency: $0.0052, −$3.10, CNY 12.00, ¥500."""
    return DASH if amount is None else exact_money(amount.quantize(PLACES_AT_MOST), currency)


def exact_money(amount: Decimal, currency: str = "") -> str:
    """The same with every place there is: a rate has more than a balance."""
    sign = MINUS if amount < 0 else ""
    return f"{sign}{_unit(currency)}{_digits(abs(amount), places_of(currency))}"


def _unit(currency: str) -> str:
    return SYMBOLS.get(currency) or (f"{currency}{NARROW_SPACE}" if currency else "")


def _digits(amount: Decimal, at_least: int) -> str:
    whole, _, places = f"{amount:,f}".partition(".")
    shown = places.rstrip("0").ljust(at_least, "0")
    return f"{whole}.{shown}" if shown else whole
