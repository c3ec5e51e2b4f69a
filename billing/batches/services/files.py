"""Reads a file of top-ups as people save it from a spreadsheet: account, amount and note, a line each."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from billing.batches.models import FileReason, RowReason
from billing.batches.services.encodings import Encoding, UnreadableFile, decode
from billing.lib.amounts import BadAmount, decimal_places, parse_written_amount
from billing.lib.reasons import Because

NAMES = {
    "account": ("account", "account number", "account no", "account id"),
    "amount": ("amount", "sum"),
    "note": ("note", "notes", "memo", "comment"),
}
# In the order in which they are preferred, should a file make sense with several.
DELIMITERS = ("\t", ";", ",")
# Stands between columns, and inside numbers: 1,234.50.
MARK_IN_NUMBERS = ","
CENTS = 2
LIKE_A_NUMBER = re.compile(r"[-+]?[0-9][0-9.,'’\s]*")


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


@dataclass(frozen=True)
class Spelling:
    """How many decimal places an amount may have, and which currency may stand beside it."""

    places: int
    currency: str


@dataclass(frozen=True)
class Record:
    """What stands in one line, or in more where a quoted cell has several. `written` is all of it as it stands."""

    number: int
    cells: list[str]
    written: str


def read(*, content: bytes, most_rows: int, spelling: Spelling, encoding: Encoding | None = None) -> list[Line]:
    """The lines that hold anything, without the header. Raises UnreadableFile.

    `encoding` is what a person chose where the file does not say it.
    """
    text = decode(content, chosen=encoding)
    delimiter, columns, records = _best(text, most_rows)
    lines = [_line(record, columns, delimiter, spelling) for record in records[columns.header :]]
    if not lines:
        raise UnreadableFile(Because(FileReason.NO_LINES))
    if len(lines) > most_rows:
        raise UnreadableFile(Because(FileReason.TOO_MANY_LINES, {"most": most_rows}))
    return lines


def _best(text: str, most_rows: int) -> tuple[str, Columns, list[Record]]:
    """The delimiter by which most lines have an account and an amount."""
    found: list[tuple[tuple[bool, int, int], str, Columns, list[Record]]] = []
    failure: UnreadableFile | None = None
    for delimiter in DELIMITERS:
        try:
            records = list(islice(_records(text, delimiter), most_rows + 2))
            columns = _columns(records[0].cells if records else [])
        except UnreadableFile as error:
            failure = error
            continue
        sense = (columns.header, _readable(records, columns), sum(len(record.cells) > 1 for record in records))
        found.append((sense, delimiter, columns, records))
    if failure is not None and not any(parted for (_, _, parted), *_ in found):
        raise failure
    _, delimiter, columns, records = max(found, key=lambda one: one[0])
    return delimiter, columns, records


def _records(text: str, delimiter: str) -> Iterator[Record]:
    """Each record that holds anything, with the number of the line on which it begins."""
    lines = io.StringIO(text, newline="").readlines()
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    begins = 1
    try:
        for cells in reader:
            filled = [cell.strip() for cell in cells]
            while filled and not filled[-1]:
                filled.pop()
            if filled:
                yield Record(begins, filled, "".join(lines[begins - 1 : reader.line_num]))
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
    return sum(_makes_sense(record.cells, columns) for record in records[columns.header :])


def _makes_sense(cells: list[str], columns: Columns) -> bool:
    account, amount = _cell(cells, columns.account), _cell(cells, columns.amount)
    parted = not any(other in account for other in DELIMITERS)
    return bool(account) and parted and LIKE_A_NUMBER.fullmatch(amount) is not None


def _line(record: Record, columns: Columns, delimiter: str, spelling: Spelling) -> Line:
    account, amount, note = (_cell(record.cells, place) for place in (columns.account, columns.amount, columns.note))
    problem = _problem(record, columns, amount, spelling) if delimiter == MARK_IN_NUMBERS else None
    if len(record.cells) > columns.count:
        problem = Because(RowReason.TOO_MANY_COLUMNS)
    return Line(record.number, account, amount, note, problem=problem)


def _problem(record: Record, columns: Columns, amount: str, spelling: Spelling) -> Because | None:
    """Why the amount may be another one: two cells may be a single number, whose comma was taken to part them."""
    for at in range(min(columns.amount + 1, len(record.cells) - 1)):
        joined = _joined(record, columns, at, spelling)
        if joined is None:
            continue
        alone = _unmistakable(amount, spelling)
        if at != columns.amount or alone is None:
            return Because(RowReason.PERHAPS_ONE_NUMBER, {"joined": joined})
        return Because(RowReason.TWO_WAYS, {"alone": alone, "joined": joined})
    return None


def _joined(record: Record, columns: Columns, at: int, spelling: Spelling) -> str | None:
    """The number that a cell and the next one make together, if the line makes sense with it."""
    left, right = record.cells[at], record.cells[at + 1]
    if at == columns.account:
        return None  # No account has a comma in it.
    if at == columns.amount and columns.account == at + 1 and len(record.cells) == at + 2:
        return None  # The line would name no account.
    if not re.search(rf"(?<![0-9\"]){re.escape(left)}\s*,\s*{re.escape(right)}(?![0-9\"])", record.written):
        return None  # Quotation marks part them.
    return _unmistakable(f"{left},{right}", spelling)


def _unmistakable(written: str, spelling: Spelling) -> str | None:
    """The amount in the spelling that leaves no doubt, as thousands rather than as decimals; None: it is no amount."""
    try:
        amount = parse_written_amount(written, places=spelling.places, currency=spelling.currency)
    except BadAmount as refused:
        whole = refused.because.figures.get("whole")
        return f"{whole}.00" if whole else None
    return f"{amount:.2f}" if decimal_places(amount) <= CENTS else f"{amount.normalize():f}0"


def _cell(cells: list[str], place: int | None) -> str:
    return cells[place] if place is not None and place < len(cells) else ""
