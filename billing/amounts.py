"""Amounts as people type them: plain decimals, nothing that could be read in two ways."""

from __future__ import annotations

import re
from decimal import Decimal

PLAIN = re.compile(r"[0-9]+(\.[0-9]+)?")
LONGEST = 30
# The switch keeps money in doubles: more digits than these would not come back unchanged.
MOST_DIGITS = 15


class BadAmount(ValueError):
    """The sentence says what is wrong, for the person who typed it."""


def parse_amount(text: str, *, places: int) -> Decimal:
    """Raises BadAmount. Blanks around the number are forgiven, nothing else is."""
    plain = text.strip(" ")
    if not plain:
        raise BadAmount("Enter an amount.")
    if plain.startswith("-"):
        raise BadAmount("The amount must be more than zero.")
    if len(plain) > LONGEST or not PLAIN.fullmatch(plain):
        raise BadAmount("Enter the amount in plain digits, such as 25 or 25.50.")
    return check_amount(Decimal(plain), places=places)


def check_amount(amount: Decimal, *, places: int) -> Decimal:
    """The amount itself when it may be paid; raises BadAmount."""
    if not amount.is_finite():
        raise BadAmount("The amount must be a number.")
    if amount <= 0:
        raise BadAmount("The amount must be more than zero.")
    if len(significant(amount)) > MOST_DIGITS:
        raise BadAmount("The amount has too many digits.")
    if decimal_places(amount) > places:
        raise BadAmount(f"The amount may have at most {places} decimal places." if places else "Enter a whole amount.")
    return amount


def significant(amount: Decimal) -> tuple[int, ...]:
    return amount.normalize().as_tuple().digits


def decimal_places(amount: Decimal) -> int:
    exponent = amount.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0
