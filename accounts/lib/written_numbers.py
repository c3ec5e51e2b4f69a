"""Reads numbers as people write them: thousands apart, a currency beside them, a point or a comma for decimals."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from django.utils.formats import get_format

BLANKS = " \u00a0\u2007\u2009\u202f\u3000"
LONGEST = 40
# A number with a currency or a sign around it; nothing but blanks stands between them.
WITH_CURRENCY = re.compile(
    rf"(?P<minus>[-−]?)(?P<before>[^0-9\s.,'’+−-]*)[{BLANKS}]*(?P<inner_minus>[-−]?)"
    rf"(?P<number>[0-9](?:.*[0-9])?)[{BLANKS}]*(?P<after>[^0-9\s,'’+−-]*)"
)
WRITTEN = re.compile(
    rf"(?P<whole>[0-9]+|[1-9][0-9]{{0,2}}(?P<gap>[{BLANKS}'’.,])[0-9]{{3}}(?:(?P=gap)[0-9]{{3}})*)"
    r"(?:(?!(?P=gap))[.,](?P<decimals>[0-9]+))?"
)
TWO_WAYS = re.compile(r"(?P<before>[1-9][0-9]{0,2})(?P<mark>[.,])(?P<after>[0-9]{3})")
# What people write for a currency beside its three letters. Some signs are shared.
SIGNS = {
    "$": {"USD", "CAD", "AUD", "NZD", "SGD", "HKD", "TWD", "MXN", "ARS", "CLP", "COP", "JMD", "TTD", "FJD"},
    "us$": {"USD"},
    "€": {"EUR"},
    "£": {"GBP", "EGP", "LBP"},
    "¥": {"JPY", "CNY"},
    "￥": {"JPY", "CNY"},
    "元": {"CNY"},
    "₹": {"INR"},
    "rs": {"INR", "PKR", "LKR", "NPR"},
    "₩": {"KRW"},
    "₫": {"VND"},
    "₦": {"NGN"},
    "₴": {"UAH"},
    "₱": {"PHP"},
    "৳": {"BDT"},
    "₺": {"TRY"},
    "₽": {"RUB"},
    "฿": {"THB"},
    "₪": {"ILS"},
    "r$": {"BRL"},
    "zł": {"PLN"},
    "kr": {"SEK", "NOK", "DKK", "ISK"},
}
CODE = re.compile(r"[a-z]{3}")


@dataclass(frozen=True)
class Marks:
    """What stands before decimals, and what between thousands, in the language of a reader."""

    decimal: str
    thousands: str


class UnclearNumber(ValueError):
    """It is no number that can be read."""


class OtherCurrency(UnclearNumber):
    """Another currency than the expected one stands beside the number."""


class ReadTwoWays(UnclearNumber):
    """The number could be `whole` or `decimal`, both in plain digits with a point."""

    def __init__(self, whole: str, decimal: str) -> None:
        super().__init__(whole, decimal)
        self.whole, self.decimal = whole, decimal


def reader_marks() -> Marks:
    """Return the marks of the language that is active now."""
    return Marks(str(get_format("DECIMAL_SEPARATOR")), str(get_format("THOUSAND_SEPARATOR")))


def plain_digits(text: str, *, places: int, currency: str = "", marks: Marks | None) -> str:
    """Return the number in plain digits with a point, such as -1234.5. Raises UnclearNumber.

    It is a reader's, with their marks and at most so many decimal places; or, without `marks`, of a file from a
    spreadsheet in whatever language. The currency, if it is written at all, has to be the one named.
    """
    found = WITH_CURRENCY.fullmatch(text.strip(BLANKS))
    if found is None or (found["minus"] and found["inner_minus"]):
        raise UnclearNumber(text)
    for unit in filter(None, (found["before"], found["after"])):
        _check_currency(unit, currency)
    sign = "-" if found["minus"] or found["inner_minus"] else ""
    return sign + _digits(found["number"], places, marks)


def _digits(number: str, places: int, marks: Marks | None) -> str:
    if two_ways := TWO_WAYS.fullmatch(number):
        return _thousands_or_decimals(two_ways, places, marks)
    clear = WRITTEN.fullmatch(number)
    if clear is None:
        raise UnclearNumber(number)
    whole, decimals = "".join(filter(str.isdigit, clear["whole"])), clear["decimals"]
    return f"{whole}.{decimals}" if decimals else whole


def _thousands_or_decimals(written: re.Match[str], places: int, marks: Marks | None) -> str:
    """Decide by the reader's language where that is sure. Raises ReadTwoWays."""
    before, mark, after = written["before"], written["mark"], written["after"]
    whole, decimal = f"{before}{after}", f"{before}.{after}"
    if marks is not None and mark == marks.decimal:
        return decimal
    if marks is not None and mark == marks.thousands and places < len(after):
        return whole
    raise ReadTwoWays(whole, decimal)


def _check_currency(unit: str, currency: str) -> None:
    """Raises UnclearNumber for what is no currency, or not the expected one."""
    name = unit.casefold()
    if currency and (name == currency.casefold() or currency in SIGNS.get(name, ())):
        return
    is_money = name in SIGNS or CODE.fullmatch(name) or any(unicodedata.category(sign) == "Sc" for sign in unit)
    raise OtherCurrency(unit) if currency and is_money else UnclearNumber(unit)
