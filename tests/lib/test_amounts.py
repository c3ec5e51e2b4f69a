from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal

import pytest
from django.apps import apps
from django.db.models import DecimalField
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st

from accounts.lib.money import money
from accounts.lib.money_columns import AMOUNT_DIGITS, LARGEST, MONEY_PLACES, SUM_DIGITS
from billing.lib.amounts import (
    MOST_DIGITS,
    AmountReason,
    BadAmount,
    check_amount,
    parse_amount,
    parse_written_amount,
    significant,
)
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


AS_TYPED = {
    **dict.fromkeys(("20,50", "20,5", "$20.50", "$ 20.50", "20.50$", "20.50 USD", "usd 20.50", "US$20.50"), "20.5"),
    **dict.fromkeys(
        ("1,000.00", "1 000", "1\u00a0000", "1\u202f000.0", "1\u2009000", "1'000", "$1,000", "1.000,00"), "1000"
    ),
    **dict.fromkeys(("\u00a0USD\u202f1,234.50 ", "1.234,50", "1’234.50", "\u20071234,5\u3000"), "1234.5"),
    **dict.fromkeys(("1,234", "1,234.00", "1234"), "1234"),
    **dict.fromkeys(("1,234,567", "1.234.567", "1 234 567"), "1234567"),
}


@pytest.mark.parametrize(("text", "amount"), AS_TYPED.items())
def test_what_people_type_in_english_is_understood(text: str, amount: str) -> None:
    assert parse_amount(text, places=2, currency="USD") == Decimal(amount)


@pytest.mark.parametrize(
    ("language", "text", "amount"),
    [
        *(("de", "1.234", "1234"), ("de", "20,50", "20.5"), ("de", "1.234,50", "1234.5"), ("de", "1,000.00", "1000")),
        *(("fr", "1\u202f234,50", "1234.5"), ("fr", "20.50", "20.5"), ("de-ch", "1’234.50", "1234.5")),
    ],
)
def test_the_reader_s_language_says_which_mark_stands_before_decimals(language: str, text: str, amount: str) -> None:
    with override(language):
        assert parse_amount(text, places=2, currency="EUR") == Decimal(amount)


def test_thousands_of_the_language_are_asked_about_only_where_they_could_be_decimals() -> None:
    assert parse_amount("1,234", places=2) == 1234
    assert parse_amount("1.234", places=3) == Decimal("1.234")
    assert reason_of(lambda: parse_amount("1,234", places=3)) == AmountReason.TWO_WAYS
    assert reason_of(lambda: parse_amount("1.234", places=2)) == AmountReason.TOO_MANY_PLACES
    with override("de"):
        assert parse_amount("1,234", places=3) == Decimal("1.234")
        assert reason_of(lambda: parse_amount("1.234", places=3)) == AmountReason.TWO_WAYS
    with override("fr"):
        assert reason_of(lambda: parse_amount("1.234", places=2)) == AmountReason.PERHAPS_WHOLE


@pytest.mark.parametrize("text", ["€20", "20 EUR", "eur 20", "£20", "20 CNY", "¥20"])
def test_another_currency_is_not_taken_for_the_expected_one(text: str) -> None:
    assert reason_of(lambda: parse_amount(text, places=2, currency="USD")) == AmountReason.OTHER_CURRENCY


@pytest.mark.parametrize(("currency", "text"), [("CNY", "¥20"), ("JPY", "￥20"), ("CAD", "$20"), ("INR", "Rs 20")])
def test_a_sign_that_currencies_share_stands_for_the_expected_one(currency: str, text: str) -> None:
    assert parse_amount(text, places=0, currency=currency) == 20


WRITTEN_LIKE_AMOUNTS = st.text(st.sampled_from("0123456789.,' -$€USDx\u00a0\u202f’"), max_size=45)


@pytest.mark.parametrize("language", ["en", "de", "fr"])
@given(text=WRITTEN_LIKE_AMOUNTS | st.text(), places=st.integers(0, 6), from_file=st.booleans())
def test_every_spelling_that_a_refusal_advises_is_accepted(
    language: str, text: str, places: int, from_file: bool
) -> None:
    read = parse_written_amount if from_file else parse_amount
    with override(language):
        because = refusal(lambda: read(text, places=places, currency="USD"))
        for advised, amount in advice(because) if because else ():
            assert advised in str(because)
            assert read(advised, places=places, currency="USD") == amount


def refusal(read: Callable[[], Decimal]) -> Because | None:
    try:
        read()
    except BadAmount as refused:
        return refused.because
    return None


def advice(because: Because) -> Iterator[tuple[str, Decimal]]:
    """The spellings that the words of a refusal name, and what each means."""
    figures = {name: str(figure) for name, figure in because.figures.items()}
    for name, added in (("example", ""), ("whole", ""), ("decimal", "0")):
        if name in figures:
            yield figures[name] + added, Decimal(figures[name].replace(",", "."))


@given(st.decimals(0, LARGEST, places=2, allow_nan=False), st.sampled_from(["USD", "CNY", "EUR", "CHF", ""]))
def test_an_amount_as_a_page_shows_it_can_be_typed_again(amount: Decimal, currency: str) -> None:
    if amount < LARGEST and len(significant(amount)) <= MOST_DIGITS:
        assert parse_amount(money(amount, currency), places=2, currency=currency, or_zero=True) == amount


def test_no_amount_is_larger_than_what_a_column_holds() -> None:
    assert parse_amount("999999999999.99", places=2) == LARGEST - Decimal("0.01")
    for digits in range(13, 31):
        assert reason_of(lambda: parse_amount("1" + "0" * (digits - 1), places=2)) == AmountReason.TOO_LARGE  # noqa: B023
        assert reason_of(lambda: parse_written_amount("9" * digits, places=2)) == AmountReason.TOO_LARGE  # noqa: B023


def test_every_column_of_money_holds_the_largest_amount() -> None:
    """All but what a report rounds away, which is less than a unit of any currency."""
    columns = [
        field
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if isinstance(field, DecimalField) and field.decimal_places == MONEY_PLACES and field.name != "fee_slack"
    ]
    assert len(columns) > 30
    assert {field.max_digits for field in columns} == {AMOUNT_DIGITS, SUM_DIGITS}
    assert all(field.max_digits - field.decimal_places >= LARGEST.adjusted() for field in columns)


NO_NUMBERS = (
    *("+5", "NaN", "sNaN", "Infinity", "1e3", "1E3", "10,00,000", "1 0", "5.", ".5", "0x10", "٣", "１２", "1.2.3"),
    *("1_000", "5\n", "\x005", "5%", "x5", "5 6", "$", "$$5", "EURO 5"),
)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        *((text, AmountReason.MISSING) for text in ("", "  ")),
        *((text, AmountReason.NOT_POSITIVE) for text in ("0", "0.000", "-5")),
        *((text, AmountReason.NOT_PLAIN) for text in NO_NUMBERS),
        ("9" * 31, AmountReason.TOO_LARGE),
        ("9" * 41, AmountReason.TOO_MANY_DIGITS),
        ("1234567890.123456", AmountReason.TOO_MANY_DIGITS),
        ("0.0000001", AmountReason.TOO_MANY_PLACES),
    ],
)
def test_what_is_no_clear_number_is_refused_with_the_reason(text: str, reason: AmountReason) -> None:
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
