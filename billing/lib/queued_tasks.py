"""Asking a worker to go on with something now. It is written down already: without a broker a sweep finds it later."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta

from celery import current_app
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)

# A row that a process has just written is left to that process, or to the worker it asks, before a sweep takes it.
SWEEP_AFTER = timedelta(seconds=5)


@dataclass(frozen=True, kw_only=True)
class QueuedTask:
    """A task that services hand rows to, by its name, since they stand below the tasks; and the queue it waits in."""

    name: str
    queue: str

    def enqueue(self, row_id: int) -> bool:
        """Hand over one row, and tell whether the broker took it; the caller never waits for a broker that is gone."""
        try:
            current_app.send_task(self.name, args=[row_id], queue=self.queue, retry=False)
        except OperationalError:
            logger.warning("The broker does not answer: %s of %s waits until it is found", self.name, row_id)
            return False
        return True
