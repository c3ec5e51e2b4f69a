"""Doubles as Java's Double.toString prints them, made from exact decimals."""

from decimal import Decimal

_EXACT_DIGITS = 15  # any decimal of up to 15 digits survives the way through a double unchanged


def java_double(value: Decimal) -> str:
    sign, digits, exponent = value.as_tuple()
    if not isinstance(exponent, int):
        raise TypeError(f"not a finite number: {value}")
    if len(digits) > _EXACT_DIGITS:
        sign, digits, exponent = Decimal(repr(float(value))).as_tuple()
        if not isinstance(exponent, int):
            raise OverflowError(f"too large for a double: {value}")
    text = "".join(map(str, digits)).lstrip("0")
    minus = "-" if sign else ""
    if not text:
        return f"{minus}0.0"
    point = len(text) + exponent
    text = text.rstrip("0")
    if -2 <= point <= 7:
        return minus + _plain(text, point)
    return f"{minus}{text[0]}.{text[1:] or '0'}E{point - 1}"


def _plain(text: str, point: int) -> str:
    if point <= 0:
        return f"0.{'0' * -point}{text}"
    return f"{text[:point].ljust(point, '0')}.{text[point:] or '0'}"
