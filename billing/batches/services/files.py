"""Reads a file of top-ups as people save it from a spreadsheet: account, amount and note, a line each."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from billing.batches.models import FileReason, RowReason
from billing.lib.reasons import Because, RefusedBecause

NAMES = {
    "account": ("account", "account number", "account no", "account id"),
    "amount": ("amount", "sum"),
    "note": ("note", "notes", "memo", "comment"),
}
# In the order in which they are preferred, should a file make sense with several.
DELIMITERS = ("\t", ";", ",")
MARKS_OF_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
ZIP = b"PK\x03\x04"
# Beside an amount without decimals, where a comma parts the columns, this may have been the decimals.
PERHAPS_DECIMALS = re.compile(r"[0-9]{1,2}")
LIKE_A_NUMBER = re.compile(r"[-+]?[0-9][0-9.,'’\s]*")


class UnreadableFile(RefusedBecause):
    """No line of the file can be used."""


@dataclass(frozen=True)
class Line:
    """`number` counts the lines of the file from 1; `problem` says why its cells cannot be told apart."""

    number: int
    account: str
    amount: str
    note: str
    problem: Because | None = None


@dataclass(frozen=True)
class Columns:
    """The place of each column in a line, and how many columns a line may have at most."""

    account: int = 0
    amount: int = 1
    note: int | None = 2
    header: bool = False
    count: int = 3


Record = tuple[int, list[str]]


def read(*, content: bytes, most_rows: int) -> list[Line]:
    """The lines that hold anything, without the header. Raises UnreadableFile."""
    text = _decode(content)
    delimiter, columns, records = _best(text, most_rows)
    lines = [_line(record, columns, delimiter) for record in records[columns.header :]]
    if not lines:
        raise UnreadableFile(Because(FileReason.NO_LINES))
    if len(lines) > most_rows:
        raise UnreadableFile(Because(FileReason.TOO_MANY_LINES, {"most": most_rows}))
    return lines


def _decode(content: bytes) -> str:
    if content.startswith(ZIP):
        raise UnreadableFile(Because(FileReason.WORKBOOK))
    for encoding in _encodings(content):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise UnreadableFile(Because(FileReason.NOT_TEXT))


def _encodings(content: bytes) -> tuple[str, ...]:
    if content.startswith(MARKS_OF_UTF_16):
        return ("utf-16",)
    if b"\0" in content:
        # Digits and commas have a zero byte in UTF-16: at even places with the big end first.
        return ("utf-16-be",) if content[::2].count(0) > content[1::2].count(0) else ("utf-16-le",)
    return ("utf-8-sig", "cp1252", "latin-1")


def _best(text: str, most_rows: int) -> tuple[str, Columns, list[Record]]:
    """The delimiter by which most lines have an account and an amount."""
    found: list[tuple[tuple[bool, int, int], str, Columns, list[Record]]] = []
    failure: UnreadableFile | None = None
    for delimiter in DELIMITERS:
        try:
            records = list(islice(_records(text, delimiter), most_rows + 2))
            columns = _columns(records[0][1] if records else [])
        except UnreadableFile as error:
            failure = error
            continue
        sense = (columns.header, _readable(records, columns), sum(len(cells) > 1 for _, cells in records))
        found.append((sense, delimiter, columns, records))
    if failure is not None and not any(parted for (_, _, parted), *_ in found):
        raise failure
    _, delimiter, columns, records = max(found, key=lambda one: one[0])
    return delimiter, columns, records


def _records(text: str, delimiter: str) -> Iterator[Record]:
    """Each record that holds anything, with the number of the line on which it begins."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    begins = 1
    try:
        for cells in reader:
            filled = [cell.strip() for cell in cells]
            while filled and not filled[-1]:
                filled.pop()
            if filled:
                yield begins, filled
            begins = reader.line_num + 1
    except csv.Error as error:
        raise UnreadableFile(Because(FileReason.QUOTATION_MARKS, {"line": begins})) from error


def _columns(first: list[str]) -> Columns:
    """The columns as the first line names them, else account, amount, note."""
    names = [" ".join(re.split(r"[\s_]+", cell.casefold())) for cell in first]
    places = {column: [n for n, name in enumerate(names) if name in known] for column, known in NAMES.items()}
    if not places["account"] and not places["amount"]:
        return Columns()
    for column in ("account", "amount"):
        if not places[column]:
            raise UnreadableFile(Because(FileReason.COLUMN_MISSING, {"column": column}))
    for column, found in places.items():
        if len(found) > 1:
            raise UnreadableFile(Because(FileReason.COLUMN_TWICE, {"column": column}))
    note = places["note"][0] if places["note"] else None
    return Columns(places["account"][0], places["amount"][0], note, header=True, count=len(first))


def _readable(records: list[Record], columns: Columns) -> int:
    return sum(_makes_sense(cells, columns) for _, cells in records[columns.header :])


def _makes_sense(cells: list[str], columns: Columns) -> bool:
    account, amount = _cell(cells, columns.account), _cell(cells, columns.amount)
    parted = not any(other in account for other in DELIMITERS)
    return bool(account) and parted and LIKE_A_NUMBER.fullmatch(amount) is not None


def _line(record: Record, columns: Columns, delimiter: str) -> Line:
    number, cells = record
    account, amount, note = (_cell(cells, place) for place in (columns.account, columns.amount, columns.note))
    return Line(number, account, amount, note, problem=_problem(cells, columns, delimiter, amount))


def _problem(cells: list[str], columns: Columns, delimiter: str, amount: str) -> Because | None:
    if len(cells) > columns.count:
        return Because(RowReason.TOO_MANY_COLUMNS)
    beside = _cell(cells, columns.amount + 1)
    if delimiter == "," and amount.isdigit() and PERHAPS_DECIMALS.fullmatch(beside):
        return Because(RowReason.TWO_WAYS, {"whole": amount, "decimal": f"{amount}.{beside}"})
    return None


def _cell(cells: list[str], place: int | None) -> str:
    return cells[place] if place is not None and place < len(cells) else ""
