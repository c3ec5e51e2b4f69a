from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.batches.models import FileReason, RowReason
from billing.batches.services.encodings import Encoding, EncodingUnknown, UnreadableFile
from billing.batches.services.files import Line, Spelling, read
from billing.lib.amounts import BadAmount, parse_written_amount
from billing.lib.reasons import Because, Figure

TABLE = "Account,Amount,Note\nA-1,25.50,Café\nA-2,10,\n"
LINES = [Line(2, "A-1", "25.50", "Café"), Line(3, "A-2", "10", "")]


def lines(
    text: str | bytes, most_rows: int = 100, places: int = 2, currency: str = "USD", encoding: Encoding | None = None
) -> list[Line]:
    content = text if isinstance(text, bytes) else text.encode()
    return read(content=content, most_rows=most_rows, spelling=Spelling(places, currency), encoding=encoding)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_a_file_that_says_its_encoding_is_read_in_it(encoding: str) -> None:
    assert lines(TABLE.encode(encoding)) == LINES
    assert lines(TABLE.encode(encoding), encoding=Encoding.CHINESE) == LINES


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "gb18030", "cp1251"])
def test_letters_alone_need_no_other_encoding(encoding: str) -> None:
    assert lines(TABLE.replace("é", "e").encode(encoding)) == [Line(2, "A-1", "25.50", "Cafe"), LINES[1]]


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "gb18030"])
def test_an_encoding_that_cannot_be_told_is_asked_and_then_is_the_chosen_one(encoding: str) -> None:
    content = TABLE.encode(encoding)
    with pytest.raises(EncodingUnknown) as asked:
        lines(content)
    assert asked.value.because == Because(FileReason.ENCODING_UNKNOWN)
    chosen = Encoding.CHINESE if encoding == "gb18030" else Encoding.WESTERN
    assert lines(content, encoding=chosen) == LINES


def test_an_account_in_another_encoding_is_never_read_as_another_account() -> None:
    content = "account,amount\n客户一,25.50\n".encode("gb18030")
    with pytest.raises(EncodingUnknown):
        lines(content)
    assert lines(content, encoding=Encoding.CHINESE)[0].account == "客户一"


def test_an_encoding_that_does_not_fit_is_asked_again() -> None:
    with pytest.raises(EncodingUnknown) as asked:
        lines(TABLE.encode("cp1252"), encoding=Encoding.CHINESE)
    assert asked.value.because.reason == FileReason.OTHER_ENCODING


def test_unicode_that_does_not_say_which_end_comes_first_is_asked_unless_all_of_it_is_western() -> None:
    content = TABLE.replace("Café", "客户").encode("utf-16-le")
    with pytest.raises(EncodingUnknown):
        lines(content)
    assert lines(content, encoding=Encoding.UTF_16_LE)[0].note == "客户"


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_the_delimiter_and_the_ends_of_lines_are_found(delimiter: str, end: str) -> None:
    assert lines(TABLE.replace(",", delimiter).replace("\n", end)) == LINES


def test_a_header_names_the_columns_in_any_order_and_others_are_left_alone() -> None:
    assert lines("name;NOTE;Amount ;account_number\nZoë;hello;5;A-1\n") == [Line(2, "A-1", "5", "hello")]


def test_without_a_header_the_columns_are_account_amount_and_note() -> None:
    assert lines("A-1;5;hello\nA-2;6\n") == [Line(1, "A-1", "5", "hello"), Line(2, "A-2", "6", "")]


def test_a_decimal_comma_does_not_part_columns_where_a_semicolon_does() -> None:
    assert [line.amount for line in lines("A-1;12,50\nA-2;7,25;x\n")] == ["12,50", "7,25"]


def test_marks_in_notes_do_not_mislead() -> None:
    assert [line.note for line in lines('A-1,12.50,"a; b;5"\nA-2,7.25,x;9\n')] == ["a; b;5", "x;9"]


def test_empty_lines_and_empty_columns_at_the_end_are_left_out_and_lines_keep_their_numbers() -> None:
    read_lines = lines('\n\naccount,amount,,\n,,,\nA-1,5,,\n\n"A-2","6",\n')
    assert [(line.number, line.account) for line in read_lines] == [(5, "A-1"), (7, "A-2")]


def test_a_note_over_two_lines_does_not_shift_the_numbers() -> None:
    assert [line.number for line in lines('A-1,5,"over\ntwo"\nA-2,6.00,x\n')] == [1, 3]


@pytest.mark.parametrize(
    ("text", "decimal"),
    [("A-1,12,50\n", "12.50"), ("account,amount,note\nA-1,12,50\n", "12.50"), ("A-1,12,5", "12.5")],
)
def test_a_comma_that_parts_columns_or_decimals_is_said_to_be_unclear(text: str, decimal: str) -> None:
    problem = lines(text)[0].problem
    joined = decimal.ljust(5, "0")
    assert problem == Because(RowReason.TWO_WAYS, {"alone": "12.00", "joined": joined})
    assert str(problem).endswith(f"write it as 12.00 or {joined}.")


@pytest.mark.parametrize(
    ("text", "alone", "joined"),
    [
        *((f"A-3,{amount},234.50{rest}\n", "1.00", "1234.50") for amount in ("1", "$1") for rest in ("", ",")),
        *((f"A-3,1,{rest}\n", "1.00", joined) for rest, joined in (("234", "1234.00"), ("5", "1.50"), ("50", "1.50"))),
        ("A-3, 1 , 234.50\n", "1.00", "1234.50"),
        ("account,amount,note\nA-1,5.00,x\nA-3,12,345.6\n", "12.00", "12345.60"),
        ("amount,account,note\n1,234.50,A-3\n", "1.00", "1234.50"),
        ("A-3,1,234.50 USD\n", "1.00", "1234.50"),
        ("A-3,1.234,50\n", "1234.00", "1234.50"),
    ],
)
def test_a_comma_that_may_stand_inside_the_amount_makes_its_line_unclear(text: str, alone: str, joined: str) -> None:
    problem = lines(text)[-1].problem
    assert problem == Because(RowReason.TWO_WAYS, {"alone": alone, "joined": joined})


@pytest.mark.parametrize(
    "text", ["account,limit,amount\nA-3,1,234.50\n", "limit,account,amount\n1,234,100\n", "A-3,0,50\n"]
)
def test_a_comma_inside_another_number_before_the_amount_makes_its_line_unclear(text: str) -> None:
    (line,) = lines(text)
    assert line.problem is not None
    assert line.problem.reason == RowReason.PERHAPS_ONE_NUMBER


@pytest.mark.parametrize(
    "text",
    [
        *('A-3,"1","234.50"\n', 'A-3,"1",234.50\n', "A-3;1;234.50\n", "A-3\t1\t234.50\n", "A-3,1.00,234.50\n"),
        *("A-3,1234.50\n", 'A-3,"1,234.50"\n', "100,250\n", "amount,account\n250,100\n", "A-3,1,Invoice 234.50\n"),
    ],
)
def test_what_leaves_no_doubt_is_not_asked(text: str) -> None:
    assert lines(text)[0].problem is None


PIECES = st.text("0123456789.", min_size=1, max_size=6)


@given(PIECES, PIECES, st.integers(0, 6))
def test_no_line_in_which_a_comma_could_be_a_mark_is_clear_and_its_advice_is(
    left: str, right: str, places: int
) -> None:
    (line,) = lines(f"A-3,{left},{right}\n", places=places)
    with contextlib.suppress(BadAmount):
        parse_written_amount(f"{left},{right}", places=places)
        assert line.problem is not None
    if line.problem is not None and line.problem.reason == RowReason.TWO_WAYS:
        for advised in line.problem.figures.values():
            assert lines(f"A-3,{advised},{right}\n", places=places)[0].problem is None
            assert parse_written_amount(str(advised), places=places)


def test_a_number_as_a_note_is_clear_beside_decimals_or_with_another_delimiter() -> None:
    assert [line.problem for line in lines("A-1,12.00,50\nA-2,12,1042\n")] == [None, None]
    assert lines("A-1;12;50\n")[0].problem is None


def test_a_line_with_too_many_columns_is_said_to_have_them() -> None:
    found = lines("account,amount\nA-1,12,50\nA-2,5\n")
    assert [line.problem for line in found] == [Because(RowReason.TOO_MANY_COLUMNS), None]


@pytest.mark.parametrize(
    ("content", "reason", "figures"),
    [
        (b"", FileReason.NO_LINES, {}),
        (b"account,amount,note\n", FileReason.NO_LINES, {}),
        (b"\n \n\t\n", FileReason.NO_LINES, {}),
        (b"PK\x03\x04rest of a workbook", FileReason.WORKBOOK, {}),
        (b"\x00\x01\x02\x00\x00\x7f\x00\x00\x00", FileReason.NOT_TEXT, {}),
        (b"account,total\nA-1,5\n", FileReason.COLUMN_MISSING, {"column": "amount"}),
        (b"amount;who\n5;A-1\n", FileReason.COLUMN_MISSING, {"column": "account"}),
        (b"account,amount,Amount\nA-1,5,6\n", FileReason.COLUMN_TWICE, {"column": "amount"}),
        (b'A-1,"5\nA-2,6\n', FileReason.QUOTATION_MARKS, {"line": 1}),
        (b"A-1,5\n" * 101, FileReason.TOO_MANY_LINES, {"most": 100}),
    ],
)
def test_a_file_that_cannot_be_used_says_why(content: bytes, reason: FileReason, figures: dict[str, Figure]) -> None:
    with pytest.raises(UnreadableFile) as refused:
        lines(content)
    assert refused.value.because == Because(reason, figures)
    assert all(str(figure) in str(refused.value.because) for figure in figures.values())


def test_as_many_lines_as_allowed_are_read() -> None:
    assert len(lines("account,amount\n" + "A-1,5\n" * 100)) == 100


@given(st.binary(max_size=200))
def test_any_bytes_are_lines_or_refused(content: bytes) -> None:
    with contextlib.suppress(UnreadableFile):
        assert all(line.number >= 1 for line in lines(content))


CELL = st.text(st.characters(codec="utf-8", exclude_characters='\0\r\n"', exclude_categories=("Z", "C")), min_size=1)


@given(st.lists(st.tuples(CELL, CELL), min_size=1, max_size=5), st.sampled_from([",", ";", "\t"]))
def test_whatever_stands_in_quotation_marks_comes_back(rows: list[tuple[str, str]], delimiter: str) -> None:
    text = "".join(f'"{account}"{delimiter}12.50{delimiter}"{note}"\n' for account, note in rows)
    found = lines("\n".join([delimiter.join(("account", "amount", "note")), text]))
    assert [(line.account, line.amount, line.note) for line in found] == [(a, "12.50", note) for a, note in rows]
