from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation

STORED_PLACES = Decimal("0.000001")
ZERO = Decimal("0.000000")
LARGEST = Decimal(10) ** 12
# A double printed by Java has up to 17 digits before any rounding of ours; sums need some more.
CONTEXT = Context(prec=60, rounding=ROUND_HALF_EVEN)


def stored(amount: Decimal) -> Decimal:
    """As money is stored: six places, halves to the even neighbour. ValueError for what no balance can be."""
    try:
        # This runs for each of millions of records.
        rounded = CONTEXT.quantize(amount, STORED_PLACES)
    except InvalidOperation as error:
        raise ValueError("not an amount of money") from error
    if not -LARGEST < rounded < LARGEST:
        raise ValueError("not an amount of money")
    return rounded or ZERO


def has_stored_places(amount: Decimal) -> bool:
    """Whether nothing is lost by storing it."""
    exponent = amount.as_tuple().exponent
    return isinstance(exponent, int) and (exponent >= -6 or stored(amount) == amount)


def stored_if_money(amount: Decimal | None) -> Decimal | None:
    return stored(amount) if amount is not None and is_money(amount) else None


def is_money(amount: Decimal) -> bool:
    try:
        stored(amount)
    except ValueError:
        return False
    return True
