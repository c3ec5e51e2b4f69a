"""Tables as files for a spreadsheet. What somebody else wrote into a cell is never run there."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from tempfile import TemporaryFile
from typing import IO

from xlsxwriter import Workbook

Cell = str | int | Decimal | datetime

# Without it Excel does not take a file for UTF-8.
MARK = "\ufeff"
# A spreadsheet would run what begins like this.
FORMULA = ("=", "+", "-", "@", "\t", "\r")
ROWS_AT_ONCE = 500
WIDTH = 20


def harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(FORMULA) else cell


def csv_of(columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[str]:
    """In pieces. Text stands in quotation marks, numbers do not; times as they are, without their zone."""
    text = io.StringIO(MARK)
    text.seek(0, io.SEEK_END)
    writer = csv.writer(text, quoting=csv.QUOTE_NONNUMERIC)
    writer.writerow(columns)
    for number, row in enumerate(rows, start=1):
        writer.writerow([_plain(cell) for cell in row])
        if number % ROWS_AT_ONCE == 0:
            yield text.getvalue()
            text.seek(0)
            text.truncate()
    yield text.getvalue()


def xlsx_of(columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> IO[bytes]:
    """A file that is gone when it is closed. Text is text there, so nothing has to be marked as harmless."""
    file = TemporaryFile()  # noqa: SIM115  # whoever sends it closes it
    with Workbook(file, {"constant_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.set_column(0, len(columns) - 1, WIDTH)
        sheet.freeze_panes(1, 0)
        moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        for place, title in enumerate(columns):
            sheet.write_string(0, place, title, book.add_format({"bold": True}))
        for line, row in enumerate(rows, start=1):
            for place, cell in enumerate(row):
                if isinstance(cell, str):
                    sheet.write_string(line, place, cell)
                elif isinstance(cell, datetime):
                    sheet.write_datetime(line, place, cell.replace(tzinfo=None), moment)
                else:
                    sheet.write_number(line, place, cell)
    file.seek(0)
    return file


def _plain(cell: Cell) -> str | int | Decimal:
    if isinstance(cell, datetime):
        return f"{cell:%Y-%m-%d %H:%M:%S}"
    return harmless(cell) if isinstance(cell, str) else cell
