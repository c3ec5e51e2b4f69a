"""Amounts of money: read as people write them where only one reading fits, checked, and rounded as they are stored."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from accounts.lib.money_columns import LARGEST, MONEY_PLACES
from accounts.lib.written_numbers import (
    LONGEST,
    Marks,
    OtherCurrency,
    ReadTwoWays,
    UnclearNumber,
    plain_digits,
    reader_marks,
)
from billing.lib.reasons import Because, Reason, RefusedBecause

# The switch keeps money in doubles: more digits than these would not come back unchanged.
MOST_DIGITS = 15


class AmountReason(Reason):
    """Why an amount cannot be used, for the person who typed it."""

    MISSING = "amount.missing", _("Enter an amount.")
    NO_NUMBER = "amount.no_number", _("The amount must be a number.")
    NOT_POSITIVE = "amount.not_positive", _("The amount must be more than zero.")
    NOT_PLAIN = "amount.not_plain", _("Enter the amount in digits, such as %(example)s.")
    OTHER_CURRENCY = (
        "amount.other_currency",
        _("Amounts are in %(currency)s here: enter one in %(currency)s, such as %(example)s."),
    )
    TWO_WAYS = (
        "amount.two_ways",
        _("%(written)s could be %(whole)s or %(decimal)s: write %(whole)s or %(decimal)s0."),
    )
    PERHAPS_WHOLE = "amount.perhaps_whole", _("%(written)s is not clear: if you mean %(whole)s, write %(whole)s.")
    TOO_LARGE = "amount.too_large", _("The amount is too large.")
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


def parse_amount(text: str, *, places: int, currency: str = "", or_zero: bool = False) -> Decimal:
    """Read an amount as its reader writes it, in the language that is active now. Raises BadAmount.

    In English, 1,000.00 is one thousand and 20,50 is 20.50. The currency may stand beside it.
    """
    return _parse(text, places, currency, reader_marks(), or_zero=or_zero)


def parse_written_amount(text: str, *, places: int, currency: str = "") -> Decimal:
    """Read an amount from a file, which a spreadsheet may have written in any language. Raises BadAmount.

    What could be read in two ways, such as 1,234, is refused.
    """
    return _parse(text, places, currency, None, or_zero=False)


def _parse(text: str, places: int, currency: str, marks: Marks | None, *, or_zero: bool) -> Decimal:
    written = text.strip()
    mark = marks.decimal if marks else "."
    example = f"25{mark}50" if places else "25"
    if not written:
        raise BadAmount(Because(AmountReason.MISSING))
    if len(written) > LONGEST:
        raise BadAmount(Because(AmountReason.TOO_MANY_DIGITS))
    try:
        plain = plain_digits(text, places=places, currency=currency, marks=marks)
    except ReadTwoWays as two:
        if len(two.decimal.partition(".")[2]) > places:
            raise BadAmount(Because(AmountReason.PERHAPS_WHOLE, {"written": written, "whole": two.whole})) from two
        both = {"written": written, "whole": two.whole, "decimal": two.decimal.replace(".", mark)}
        raise BadAmount(Because(AmountReason.TWO_WAYS, both)) from two
    except OtherCurrency as other:
        figures = {"currency": currency, "example": example}
        raise BadAmount(Because(AmountReason.OTHER_CURRENCY, figures)) from other
    except UnclearNumber as error:
        raise BadAmount(Because(AmountReason.NOT_PLAIN, {"example": example})) from error
    return check_amount(Decimal(plain), places=places, or_zero=or_zero)


def check_amount(amount: Decimal, *, places: int, or_zero: bool = False) -> Decimal:
    """Return the amount if it may be paid, and if every column of money holds it; raises BadAmount."""
    if not amount.is_finite():
        raise BadAmount(Because(AmountReason.NO_NUMBER))
    if amount < 0 or (amount == 0 and not or_zero):
        raise BadAmount(Because(AmountReason.NOT_POSITIVE))
    if amount >= LARGEST:
        raise BadAmount(Because(AmountReason.TOO_LARGE))
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
STORED_PLACES = Decimal(1).scaleb(-MONEY_PLACES)
STORED_ZERO = Decimal(0).scaleb(-MONEY_PLACES)
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
    return isinstance(exponent, int) and (exponent >= -MONEY_PLACES or stored(amount) == amount)


def stored_if_money(amount: Decimal | None) -> Decimal | None:
    return stored(amount) if amount is not None and is_money(amount) else None


def is_money(amount: Decimal) -> bool:
    try:
        stored(amount)
    except ValueError:
        return False
    return True
