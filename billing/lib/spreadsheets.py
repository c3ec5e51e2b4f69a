"""Writes tables as CSV and XLSX files. A spreadsheet never runs as a formula what another person wrote into a cell."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import chain, islice
from pathlib import Path
from typing import IO, Any

from xlsxwriter import Workbook
from xlsxwriter.exceptions import FileCreateError

# Times are those of a wall clock, without a zone.
Cell = str | int | Decimal | datetime

# Without it Excel does not take a file for UTF-8.
MARK = "\ufeff"
# A spreadsheet would run what begins like this; some read a wide character as the narrow one, and leave out spaces.
FORMULA, SPACES = r"=+\-@＝＋－＠", r" \t\r\n"
# A cell does so behind its quotation mark; so may one that has a mark within, which does no harm.
MAY_BEGIN_AS_FORMULA = re.compile(f'"[{FORMULA}{SPACES}]')
# Where lists are separated by a semicolon, Excel begins a cell behind each, and behind each tab and end of a line: only
# a mark that a cell begins with keeps it together, and there the whole line is one cell up to its first semicolon.
CELL_OF_FORMULA = re.compile(rf'^(?=[\t\r])|(?:^|(?<=[;\t\r\n]))(?=["{SPACES}]*[{FORMULA}])')
ROWS_AT_ONCE = 500
WIDTH = 20
# What Excel counts its days from; done here it takes half as long as with `write_datetime`.
FIRST_DAY, DAY = datetime(1899, 12, 30, tzinfo=UTC).replace(tzinfo=None), timedelta(days=1)
# What Excel opens: 1,048,576 lines, the first of which holds the titles.
ROWS_IN_A_SHEET = 1_048_575
# So many may need more than the 2 GB that a file may have without an extension that Excel only opens after a warning.
HUGE_ROWS = 20 * ROWS_IN_A_SHEET


def harmless(cell: str) -> str:
    """Put an apostrophe wherever a spreadsheet could take what follows for a formula, however it splits the line."""
    return CELL_OF_FORMULA.sub("'", cell)


def csv_of(columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[str]:
    """Yield a CSV file in pieces, the first with rows if there are any. Text is in quotation marks, numbers are not.

    All cells of a column are of one kind.
    """
    titles, rows = MARK + _lines([columns]), iter(rows)
    while some := list(islice(rows, ROWS_AT_ONCE)):
        lines = _lines(some)
        # Looked for in all of them at once: asking each cell takes as long as writing it.
        if _may_hold_formulas(lines, len(some)):
            lines = _lines([[harmless(cell) if isinstance(cell, str) else cell for cell in row] for row in some])
        yield titles + lines
        titles = ""
    yield titles


def _may_hold_formulas(lines: str, rows: int) -> bool:
    if ";" in lines or "\t" in lines or lines.count("\n") > rows or lines.count("\r") > rows:
        return True
    return MAY_BEGIN_AS_FORMULA.search(lines) is not None


def _lines(rows: Sequence[Sequence[Cell]]) -> str:
    quoted = [not isinstance(cell, (int, Decimal)) for cell in rows[0]]
    line = ",".join('"%s"' if is_quoted else "%s" for is_quoted in quoted) + "\r\n"
    lines = line * len(rows) % tuple(chain.from_iterable(rows))
    # Takes half as long as the library's writer, which knows what to do with quotation marks in a cell.
    return lines if lines.count('"') == 2 * sum(quoted) * len(rows) else _written(rows)


def _written(rows: Sequence[Sequence[Cell]]) -> str:
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_NONNUMERIC).writerows(rows)
    return text.getvalue()


def xlsx_to(
    file: IO[bytes],
    columns: Sequence[str],
    rows: Iterable[Sequence[Cell]],
    *,
    folder: Path | None = None,
    is_huge: bool = False,
) -> None:
    """Write an XLSX file, where text is text and needs no marks. Memory holds a row, `folder` what is not packed yet.

    `is_huge`: it may have more than HUGE_ROWS. Raises OSError where there is no room.
    """
    book = Workbook(file, {"constant_memory": True, "tmpdir": folder and str(folder), "use_zip64": is_huge})
    try:
        _fill(book, columns, rows)
        book.close()
    except FileCreateError as error:
        raise error.args[0] from error
    finally:
        # An exception leaves them open. The book is not packed then: that takes its time, and the file is not wanted.
        for sheet in book.worksheets():
            sheet.row_data_fh.close()


def _fill(book: Any, columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    bold = book.add_format({"bold": True})
    moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
    sheet, line = _sheet(book, columns, bold), 0
    for row in rows:
        if line == ROWS_IN_A_SHEET:
            sheet, line = _sheet(book, columns, bold), 0
        line += 1
        for place, cell in enumerate(row):
            if isinstance(cell, str):
                sheet.write_string(line, place, cell)
            elif isinstance(cell, datetime):
                sheet.write_number(line, place, (cell - FIRST_DAY) / DAY, moment)
            else:
                sheet.write_number(line, place, cell)


def _sheet(book: Any, columns: Sequence[str], bold: Any) -> Any:
    sheet = book.add_worksheet()
    sheet.set_column(0, len(columns) - 1, WIDTH)
    sheet.freeze_panes(1, 0)
    for place, title in enumerate(columns):
        sheet.write_string(0, place, title, bold)
    return sheet
