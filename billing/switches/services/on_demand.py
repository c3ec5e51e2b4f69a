"""Refreshing lists that are read of the switch on demand: once an hour at most, however many people look."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction
from django.db.models import Q

from billing.lib.queued_tasks import QueuedTask
from billing.switches.models import OnDemand, SwitchFailure
from billing.switches.services.failures import failure
from billing.vos3000 import Unreachable

logger = logging.getLogger(__name__)

FRESH_FOR = timedelta(hours=1)
# When a list may be read again, where the switch was surely not asked: its budget was used up, or it was not reached.
NOT_ASKED_AGAIN_AFTER = timedelta(minutes=1)
# How long a page waits for a worker's answer before it stops asking.
AWAITED_FOR = timedelta(minutes=1)


def request_refresh(row: OnDemand, *, task: QueuedTask, now: datetime) -> bool:
    """Have a worker read the list if it is old, and tell whether it is being read. The caller does not wait for it."""
    due = type(row)._default_manager.filter(pk=row.pk).filter(Q(not_before__isnull=True) | Q(not_before__lte=now))
    if due.update(asked_at=now, not_before=now + FRESH_FOR):
        row.refresh_from_db()
        transaction.on_commit(partial(_enqueue, row, task, now))
    return row.is_open and row.asked_at is not None and now - row.asked_at < AWAITED_FOR


def failed(row: OnDemand, error: Exception, *, now: datetime) -> None:
    """Note that a worker could not read the list, and why."""
    logger.info("The %s were not read: %s", row, error)
    _end(row, failure(error), now, was_asked=not isinstance(error, Unreachable))


def refreshed(row: OnDemand, *, now: datetime) -> None:
    """Note that a worker has read the list."""
    type(row)._default_manager.filter(pk=row.pk).update(read_at=now, ended_at=now, failure="")


def _enqueue(row: OnDemand, task: QueuedTask, now: datetime) -> None:
    if not task.enqueue(row.pk):
        _end(row, SwitchFailure.NO_WORKERS, now, was_asked=False)


def _end(row: OnDemand, why: SwitchFailure, now: datetime, *, was_asked: bool) -> None:
    changed = {} if was_asked else {"not_before": now + NOT_ASKED_AGAIN_AFTER}
    type(row)._default_manager.filter(pk=row.pk).update(ended_at=now, failure=why, **changed)
