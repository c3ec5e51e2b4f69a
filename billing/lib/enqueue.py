"""Asking a worker to go on with something now. It is written down already: without a broker it is found later."""

from __future__ import annotations

import logging

from celery import current_app
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)


def enqueue(task: str, row_id: int, *, queue: str) -> bool:
    """Whether the broker took it; nobody is kept waiting for one that does not answer."""
    try:
        current_app.send_task(task, args=[row_id], queue=queue, retry=False)
    except OperationalError:
        logger.warning("The broker does not answer: %s of %s waits until it is found", task, row_id)
        return False
    return True
