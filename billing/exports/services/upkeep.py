"""Looks after exports: begins those again whose worker died, and removes what is kept long enough."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from billing.exports.models import UNFINISHED, Export, ExportState
from billing.exports.services import files, worker

logger = logging.getLogger(__name__)

# Until then a worker was asked for it a moment ago.
UNCLAIMED_AFTER = timedelta(seconds=10)
ROWS_KEPT_FOR = timedelta(days=30)


def sweep(*, now: datetime) -> str:
    expired = Export.objects.filter(state=ExportState.DONE, expires_at__lte=now).update(state=ExportState.REMOVED)
    ended = Export.objects.filter(asked_at__lt=now - ROWS_KEPT_FOR).exclude(state__in=(*UNFINISHED, ExportState.DONE))
    forgotten, _ = ended.delete()
    left = _remove_leftovers()
    taken = _take_up(now)
    return f"{taken} taken up, {expired} expired, {left} left files removed, {forgotten} forgotten"


def _remove_leftovers() -> int:
    """Remove files of exports that are gone. The folder is read first: what is begun meanwhile is not among them."""
    there = files.references()
    owned = Export.objects.filter(reference__in=there, state__in=(*UNFINISHED, ExportState.DONE))
    left = there - set(owned.values_list("reference", flat=True))
    for reference in left:
        files.remove(reference)
    return len(left)


def _take_up(now: datetime) -> int:
    """Take up exports that wait or whose worker died, in the order in which they were asked for."""
    due = Export.objects.filter(state__in=UNFINISHED, asked_at__lte=now - UNCLAIMED_AFTER).order_by("asked_at")
    taken = 0
    for export_id in list(due.values_list("pk", flat=True)):
        try:
            taken += worker.carry_out(export_id=export_id, now=now)
        except Exception:
            logger.exception("The sweep could not make export %s", export_id)
    return taken
