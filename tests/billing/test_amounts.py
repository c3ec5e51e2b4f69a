from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.amounts import BadAmount, check_amount, parse_amount


@pytest.mark.parametrize(
    ("text", "amount"),
    [("25", "25"), (" 25.50 ", "25.5"), ("0.000001", "0.000001"), ("007", "7"), ("1.000000000", "1")],
)
def test_a_plain_amount_is_read_exactly(text: str, amount: str) -> None:
    assert parse_amount(text, places=6) == Decimal(amount)


@pytest.mark.parametrize(
    "text",
    [
        *("", "  ", "0", "0.000", "-5", "+5", "NaN", "sNaN", "Infinity", "1e3", "1E3", "1,000", "1 000", "5.", ".5"),
        *("0x10", "٣", "１２", "1.2.3", "1_000", "5\n", "\x005", "9" * 31, "1234567890.123456", "0.0000001", "$5"),
    ],
)
def test_whatever_could_be_read_in_two_ways_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(BadAmount, match=r"^[A-Z].*\.$"):
        parse_amount(text, places=6)


def test_a_currency_without_decimals_takes_whole_amounts_only() -> None:
    assert parse_amount("500", places=0) == 500
    with pytest.raises(BadAmount, match="whole"):
        parse_amount("500.5", places=0)


@pytest.mark.parametrize("amount", ["NaN", "sNaN", "Infinity", "-Infinity", "-1", "0", "-0"])
def test_what_is_no_amount_is_refused_as_a_decimal_too(amount: str) -> None:
    with pytest.raises(BadAmount):
        check_amount(Decimal(amount), places=6)


@given(st.text())
def test_any_text_is_either_an_amount_of_the_allowed_precision_or_a_sentence(text: str) -> None:
    try:
        amount = parse_amount(text, places=2)
    except BadAmount:
        return
    assert amount > 0
    assert amount == amount.quantize(Decimal("0.01"))
