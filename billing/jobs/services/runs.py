"""Doing periodic work once per slot of time, however many workers are asked to."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from billing.jobs.models import JobRun
from billing.lib.instants import EPOCH
from billing.switches.services.failures import FAILED

logger = logging.getLogger(__name__)

KEPT_FOR = timedelta(days=7)


def run_once(*, job: str, period: timedelta, now: datetime, work: Callable[[], str]) -> bool:
    """Do `work` unless it was claimed in this slot already, and return whether it was done here.

    `work` returns what it did, for staff. A failing switch is noted in the row and not raised: the next slot tries
    again.
    """
    slot = now - (now - EPOCH) % period
    # The row is the claim: the database lets it be inserted once.
    run, claimed = JobRun.objects.get_or_create(job=job, slot=slot, defaults={"started_at": now})
    if not claimed:
        return False
    began = datetime.now(UTC)
    try:
        detail, succeeded = work(), True
    except FAILED as error:
        detail, succeeded = str(error), False
        logger.info("%s: %s", job, error)
    except BaseException as error:
        _finish(run, began, succeeded=False, detail=f"{type(error).__name__}: see the log")
        raise
    _finish(run, began, succeeded=succeeded, detail=detail)
    return True


def _finish(run: JobRun, began: datetime, *, succeeded: bool, detail: str) -> None:
    took = datetime.now(UTC) - began
    JobRun.objects.filter(pk=run.pk).update(
        finished_at=run.started_at + took, succeeded=succeeded, detail=detail[:2000]
    )


def prune(*, now: datetime) -> int:
    """Delete rows of slots that are not kept any longer, and return how many."""
    deleted, _ = JobRun.objects.filter(started_at__lt=now - KEPT_FOR).delete()
    return deleted
