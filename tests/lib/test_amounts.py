from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.lib.amounts import AmountReason, BadAmount, check_amount, parse_amount, parse_written_amount
from billing.lib.reasons import Because, Reason


def reason_of(read: Callable[[], Decimal]) -> Reason:
    """Why an amount is refused."""
    with pytest.raises(BadAmount) as refused:
        read()
    return refused.value.because.reason


@pytest.mark.parametrize(
    ("text", "amount"),
    [("25", "25"), (" 25.50 ", "25.5"), ("0.000001", "0.000001"), ("007", "7"), ("1.000000000", "1")],
)
def test_a_plain_amount_is_read_exactly(text: str, amount: str) -> None:
    assert parse_amount(text, places=6) == Decimal(amount)


PLAIN_DIGITS = (
    *("+5", "NaN", "sNaN", "Infinity", "1e3", "1E3", "1,000", "1 000", "5.", ".5", "0x10", "٣", "１２", "1.2.3"),
    *("1_000", "5\n", "\x005", "9" * 31, "$5"),
)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        *((text, AmountReason.MISSING) for text in ("", "  ")),
        *((text, AmountReason.NOT_POSITIVE) for text in ("0", "0.000", "-5")),
        *((text, AmountReason.NOT_PLAIN) for text in PLAIN_DIGITS),
        ("1234567890.123456", AmountReason.TOO_MANY_DIGITS),
        ("0.0000001", AmountReason.TOO_MANY_PLACES),
    ],
)
def test_whatever_could_be_read_in_two_ways_is_refused_with_the_reason(text: str, reason: AmountReason) -> None:
    assert reason_of(lambda: parse_amount(text, places=6)) == reason


def test_a_currency_without_decimals_takes_whole_amounts_only() -> None:
    assert parse_amount("500", places=0) == 500
    assert reason_of(lambda: parse_amount("500.5", places=0)) == AmountReason.NOT_WHOLE


@pytest.mark.parametrize(("places", "words"), [(1, "at most 1 decimal place."), (2, "at most 2 decimal places.")])
def test_how_many_decimal_places_there_may_be_is_named(places: int, words: str) -> None:
    with pytest.raises(BadAmount) as refused:
        parse_amount("0.125", places=places)
    assert refused.value.because.figures == {"places": places}
    assert str(refused.value.because).endswith(words)


@pytest.mark.parametrize(
    ("amount", "reason"),
    [
        *((amount, AmountReason.NO_NUMBER) for amount in ("NaN", "sNaN", "Infinity", "-Infinity")),
        *((amount, AmountReason.NOT_POSITIVE) for amount in ("-1", "0", "-0")),
    ],
)
def test_what_is_no_amount_is_refused_as_a_decimal_too(amount: str, reason: AmountReason) -> None:
    assert reason_of(lambda: check_amount(Decimal(amount), places=6)) == reason


@given(st.text())
def test_any_text_is_either_an_amount_of_the_allowed_precision_or_refused(text: str) -> None:
    try:
        amount = parse_amount(text, places=2)
    except BadAmount:
        return
    assert amount > 0
    assert amount == amount.quantize(Decimal("0.01"))


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        *(("25", "25"), (" 25.50 ", "25.5"), ("25,50", "25.5"), ("0,500", "0.5"), ("0.125", "0.125"), ("12,5", "12.5")),
        *(("1,234.50", "1234.5"), ("1.234,50", "1234.5"), ("1,234,567", "1234567"), ("1.234.567,8", "1234567.8")),
        *(("1 234,50", "1234.5"), ("1\u00a0234", "1234"), ("1\u202f234.5", "1234.5"), ("1'234.50", "1234.5")),
        *(("1234,567", "1234.567"), ("1234.567", "1234.567"), ("1.2340", "1.234")),
    ],
)
def test_an_amount_is_read_as_spreadsheets_write_it(text: str, amount: str) -> None:
    assert parse_written_amount(text, places=6) == Decimal(amount)


@pytest.mark.parametrize("text", ["1,234", "1.234", "12,345", "999.000"])
def test_what_could_be_thousands_or_decimals_is_refused_and_both_ways_are_named(text: str) -> None:
    plain = text.replace(",", ".")
    with pytest.raises(BadAmount) as refused:
        parse_written_amount(text, places=6)
    figures = {"written": text, "whole": plain.replace(".", ""), "decimal": plain}
    assert refused.value.because == Because(AmountReason.TWO_WAYS, figures)
    assert str(refused.value.because).endswith(f"write {figures['whole']} or {plain}0.")


@pytest.mark.parametrize(
    "text",
    [
        *("", "-5", "-1,50", "(5)", "1,23,456", "1,234,56", "1.234.5", "1 0", "12 34", "1,234 567", "01,234.5", ",5"),
        *("5,", "1,,5", "1e3", "=1+1", "$5", "5 USD", "5%", "٣", "１,5", "NaN", "0,00", "5\n5", "1'23", "0,0000001"),
    ],
)
def test_what_is_no_clear_amount_is_refused(text: str) -> None:
    assert reason_of(lambda: parse_written_amount(text, places=6)) != AmountReason.TWO_WAYS


@given(st.decimals(min_value="0.01", max_value=10**9, places=2), st.sampled_from([", .", ". ,", "  ,", "' ."]))
def test_whatever_a_spreadsheet_writes_with_two_decimals_comes_back(amount: Decimal, marks: str) -> None:
    gap, mark = marks[0], marks[-1]
    written = f"{amount:,.2f}".replace(",", "_").replace(".", mark).replace("_", gap)
    assert parse_written_amount(written, places=2) == amount
