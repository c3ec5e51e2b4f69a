"""Prepares the files that people asked for. It is safe to run twice, beside itself, and to be killed anywhere.

A worker holds its export by the connection that it reads from: the hold ends with the process. A sweep takes up what no
worker holds, and begins it again.
"""

from __future__ import annotations

import errno
import logging
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet

from accounts.lib.clock import Clock
from billing.call_history.queries.rows import Row
from billing.exports.models import UNFINISHED, Export, ExportFailure, ExportState, FileKind
from billing.exports.services import files, requests
from billing.lib.advisory_locks import Locked, try_lock
from billing.lib.reasons import Because
from billing.lib.snapshots import snapshot_beside
from billing.lib.spreadsheets import HUGE_ROWS, csv_of, xlsx_to

logger = logging.getLogger(__name__)

MOST_TRIES = 3
# How often a worker notes how far it is, and looks whether it was stopped: when both have passed.
LOOK_AFTER_ROWS = 1000
LOOK_AFTER_SECONDS = 0.2
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class _Unclear(Exception):
    """The filter of the export can no longer be read as it was."""


class _Taken(Exception):
    """The export was stopped, or another worker is at it."""


@dataclass
class _Try:
    """One worker's try at one export."""

    export: Export
    clock: Clock
    rows: int = 0
    _looked_at: float = field(default_factory=time.monotonic)

    def make(self, using: str) -> None:
        table = requests.table(self.export)
        if table.asked != self.export.asked:
            # Without that filter it would hold other calls than were asked for.
            raise _Unclear
        total = table.count(using=using)
        self._still(rows_total=total)
        # Closed here, for the rows are read within a transaction that ends before the connection does.
        with files.workshop(self.export) as folder, closing(table.rows(using=using)) as read:
            part, rows = folder / "part", self._counted(read)
            if self.export.kind == FileKind.XLSX:
                with open(part, "xb", opener=files.opener) as file:
                    xlsx_to(file, table.columns, rows, folder=folder, is_huge=total > HUGE_ROWS)
            else:
                _write_csv(part, table.columns, rows)
            self._finish(part)

    def fail(self, why: Because) -> bool:
        """Note that the try failed, and why; whether this worker still had the export."""
        return bool(self._mine().update(state=ExportState.FAILED, why=why, ended_at=self.clock.now()))

    def _counted(self, rows: Iterable[Row]) -> Iterator[Row]:
        for row in rows:
            self.rows += 1
            if self.rows % LOOK_AFTER_ROWS == 0 and time.monotonic() - self._looked_at > LOOK_AFTER_SECONDS:
                self._still(rows_done=self.rows)
            yield row
        self._still(rows_done=self.rows)

    def _still(self, **figures: int) -> None:
        """Note how far the try is; raises _Taken where this worker no longer has the export."""
        if not self._mine().update(moved_at=self.clock.now(), **figures):
            raise _Taken
        self._looked_at = time.monotonic()

    @transaction.atomic
    def _finish(self, part: Path) -> None:
        """Put the file in its place. The row is locked, so that no stop comes between the file and its state."""
        export = self._mine().select_for_update(no_key=True).first()
        if export is None:
            raise _Taken
        export.state, export.rows_done, export.size = ExportState.DONE, self.rows, part.stat().st_size
        export.ended_at = self.clock.now()
        export.expires_at = export.ended_at + timedelta(hours=settings.EXPORT_HOURS)
        export.save(update_fields=["state", "rows_done", "size", "ended_at", "expires_at"])
        part.replace(files.path_of(export))

    def _mine(self) -> QuerySet[Export]:
        return Export.objects.filter(pk=self.export.pk, state=ExportState.RUNNING, tries=self.export.tries)


def carry_out(*, export_id: int, now: datetime) -> bool:
    """Make the file of an export, and tell whether it was taken up here; what was not is left to the sweep.

    It is not where it has ended, or where another worker is at it or at another export of the same person: one person's
    files must not fill all workers.
    """
    with snapshot_beside() as using:
        is_ours = try_lock(Locked.EXPORT, export_id, using=using)
        if not is_ours or not try_lock(Locked.EXPORTS_OF_PERSON, _asked_by(export_id), using=using):
            return False
        export = _claim(export_id, now)
        if export is None:
            return False
        attempt = _Try(export, Clock(now))
        if export.tries > MOST_TRIES:
            logger.error("Export %s is given up after %s tries", export, MOST_TRIES)
            attempt.fail(Because(ExportFailure.GIVEN_UP, {"times": MOST_TRIES}))
        else:
            _make(attempt, using)
    return True


def _asked_by(export_id: int) -> int | None:
    return Export.objects.filter(pk=export_id).values_list("asked_by", flat=True).first()


def _claim(export_id: int, now: datetime) -> Export | None:
    """Count one more try, for the worker that holds the export; None where it has ended."""
    unfinished = Export.objects.filter(pk=export_id, state__in=UNFINISHED)
    begun = {"rows_done": 0, "rows_total": None, "moved_at": now}
    if not unfinished.update(state=ExportState.RUNNING, tries=F("tries") + 1, **begun):
        return None
    return Export.objects.select_related("account__switch").get(pk=export_id)


def _make(attempt: _Try, using: str) -> None:
    export = attempt.export
    try:
        attempt.make(using)
        logger.info("Export %s is ready: %s rows", export, attempt.rows)
    except _Unclear:
        attempt.fail(Because(ExportFailure.NAME_GONE))
        logger.warning("Export %s: its filter can no longer be read", export)
    except _Taken:
        logger.info("Export %s was stopped after %s rows", export, attempt.rows)
    except OSError as error:
        # A stop removes the files as well, also from under a worker that still packs them.
        why = ExportFailure.NO_ROOM if error.errno in NO_ROOM else ExportFailure.UNWRITABLE
        if attempt.fail(Because(why)):
            logger.exception("Export %s could not be written in EXPORT_DIR", export)


def _write_csv(path: Path, columns: Sequence[str], rows: Iterable[Row]) -> None:
    with open(path, "x", encoding="utf-8", newline="", opener=files.opener) as file:
        for piece in csv_of(columns, rows):
            file.write(piece)
