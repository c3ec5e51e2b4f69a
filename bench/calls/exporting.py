"""One file made in a process of its own, as a worker does: `python -m bench.calls.exporting KIND ACCOUNT LAST-DAY`.

Says in one line of JSON how many rows it has and how much memory was held at most.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from zoneinfo import ZoneInfo

import msgspec

from bench.calls.children import most_memory_held, said_by


class Kind(StrEnum):
    CSV = "CSV"
    XLSX = "XLSX"


class Exported(msgspec.Struct):
    """`most` in bytes."""

    rows: int
    most: int


def export_apart(environ: Mapping[str, str], kind: Kind, account: int, last: date) -> Exported:
    command = ("-m", "bench.calls.exporting", kind.value, str(account), last.isoformat())
    return msgspec.json.decode(said_by(environ, *command), type=Exported)


def main() -> None:
    import portal.celery

    portal.celery.app.loader.import_default_modules()
    from tempfile import TemporaryFile

    from django.http import QueryDict

    from accounts.models import Account
    from billing.call_history.tables import table_of
    from billing.lib.spreadsheets import csv_of, xlsx_to

    kind, account, last = Kind(sys.argv[1]), Account.objects.get(pk=sys.argv[2]), date.fromisoformat(sys.argv[3])
    asked = QueryDict(f"from=2000-01-01&to={last}")
    table = table_of(account=account, asked=asked, zone=ZoneInfo("UTC"), today=last)
    with TemporaryFile() as file:
        if kind is Kind.XLSX:
            xlsx_to(file, table.columns, table.rows())
        else:
            for piece in csv_of(table.columns, table.rows()):
                file.write(piece.encode())
    print(msgspec.json.encode(Exported(table.count(), most_memory_held())).decode())


if __name__ == "__main__":
    main()
