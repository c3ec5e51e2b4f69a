"""Amounts as people type them: plain decimals, nothing that could be read in two ways."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from billing.lib.reasons import Because, Reason, RefusedBecause

PLAIN = re.compile(r"[0-9]+(\.[0-9]+)?")
# As spreadsheets write: thousands may stand apart, and another mark stands before the decimals.
WRITTEN = re.compile(
    r"(?P<whole>[0-9]+|[1-9][0-9]{0,2}(?P<gap>[ \u00a0\u2009\u202f'’.,])[0-9]{3}(?:(?P=gap)[0-9]{3})*)"
    r"(?:(?!(?P=gap))[.,](?P<decimals>[0-9]+))?"
)
TWO_WAYS = re.compile(r"(?P<before>[1-9][0-9]{0,2})[.,](?P<after>[0-9]{3})")
LONGEST = 30
# The switch keeps money in doubles: more digits than these would not come back unchanged.
MOST_DIGITS = 15


class AmountReason(Reason):
    """Why an amount cannot be used, for the person who typed it."""

    MISSING = "amount.missing", _("Enter an amount.")
    NO_NUMBER = "amount.no_number", _("The amount must be a number.")
    NOT_POSITIVE = "amount.not_positive", _("The amount must be more than zero.")
    NOT_PLAIN = "amount.not_plain", _("Enter the amount in plain digits, such as 25 or 25.50.")
    TWO_WAYS = (
        "amount.two_ways",
        _("%(written)s could be %(whole)s or %(decimal)s: write %(whole)s or %(decimal)s0."),
    )
    TOO_MANY_DIGITS = "amount.too_many_digits", _("The amount has too many digits.")
    NOT_WHOLE = "amount.not_whole", _("Enter a whole amount.")
    TOO_MANY_PLACES = (
        "amount.too_many_places",
        ngettext_lazy(
            "The amount may have at most %(places)d decimal place.",
            "The amount may have at most %(places)d decimal places.",
            "places",
        ),
    )


class BadAmount(RefusedBecause, ValueError):
    """The amount cannot be used."""


def parse_amount(text: str, *, places: int) -> Decimal:
    """Read an amount in plain digits. Raises BadAmount. Blanks around the number are forgiven, nothing else is."""
    plain = text.strip(" ")
    if not plain:
        raise BadAmount(Because(AmountReason.MISSING))
    if plain.startswith("-"):
        raise BadAmount(Because(AmountReason.NOT_POSITIVE))
    if len(plain) > LONGEST or not PLAIN.fullmatch(plain):
        raise BadAmount(Because(AmountReason.NOT_PLAIN))
    return check_amount(Decimal(plain), places=places)


def parse_written_amount(text: str, *, places: int) -> Decimal:
    """Read an amount with a point or a comma before the decimals, thousands apart or not. Raises BadAmount.

    What could be read in two ways, such as 1,234, is refused.
    """
    written = text.strip()
    if two_ways := TWO_WAYS.fullmatch(written):
        before, after = two_ways.groups()
        both = {"written": written, "whole": f"{before}{after}", "decimal": f"{before}.{after}"}
        raise BadAmount(Because(AmountReason.TWO_WAYS, both))
    clear = WRITTEN.fullmatch(written)
    if clear is None:
        return parse_amount(written, places=places)
    whole = "".join(filter(str.isdigit, clear["whole"]))
    return parse_amount(f"{whole}.{clear['decimals'] or 0}", places=places)


def check_amount(amount: Decimal, *, places: int) -> Decimal:
    """Return the amount if it may be paid; raises BadAmount."""
    if not amount.is_finite():
        raise BadAmount(Because(AmountReason.NO_NUMBER))
    if amount <= 0:
        raise BadAmount(Because(AmountReason.NOT_POSITIVE))
    if len(significant(amount)) > MOST_DIGITS:
        raise BadAmount(Because(AmountReason.TOO_MANY_DIGITS))
    if decimal_places(amount) > places:
        most = Because(AmountReason.TOO_MANY_PLACES, {"places": places})
        raise BadAmount(most if places else Because(AmountReason.NOT_WHOLE))
    return amount


def significant(amount: Decimal) -> tuple[int, ...]:
    return amount.normalize().as_tuple().digits


def decimal_places(amount: Decimal) -> int:
    exponent = amount.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


ZERO = Decimal(0)
STORED_PLACES = Decimal("0.000001")
STORED_ZERO = Decimal("0.000000")
LARGEST = Decimal(10) ** 12
# A double printed by Java has up to 17 digits before any rounding of ours; sums need some more.
CONTEXT = Context(prec=60, rounding=ROUND_HALF_EVEN)


def stored(amount: Decimal) -> Decimal:
    """Round to six places as money is stored, halves to the even neighbour. ValueError for what no balance can be."""
    try:
        # This runs for each of millions of records.
        rounded = CONTEXT.quantize(amount, STORED_PLACES)
    except InvalidOperation as error:
        raise ValueError("not an amount of money") from error
    if not -LARGEST < rounded < LARGEST:
        raise ValueError("not an amount of money")
    return rounded or STORED_ZERO


def has_stored_places(amount: Decimal) -> bool:
    """Whether an amount can be stored without loss."""
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
