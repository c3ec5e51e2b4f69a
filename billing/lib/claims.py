"""Claims: the right of one process to send one thing to a switch, for some seconds and never again.

A process may be stopped at any point and go on hours later. So a claim ends by the clock, is looked at again right
before the bytes leave, and is held by a lock of the database for as long as the process that has it might still send:
what was claimed is not decided, and not issued again, while another process holds it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db import Error, connection, transaction

from accounts.lib.clock import Deadline
from billing.lib.advisory_locks import Locked, lock, try_lock

logger = logging.getLogger(__name__)

# From the claim to the moment in which the bytes leave: connecting and waiting for the budget fit in.
LEAVES_WITHIN = timedelta(seconds=30)


class Claim:
    """`is_ours` asks the database whether the row is still as this process claimed it. The deadline began before it."""

    def __init__(self, is_ours: Callable[[], bool], *, deadline: Deadline) -> None:
        self._is_ours, self.deadline = is_ours, deadline

    def may_leave(self) -> bool:
        """Whether what was claimed may still leave. What cannot be found out is a no."""
        try:
            return not self.deadline.has_passed and self._is_ours() and not self.deadline.has_passed
        except Error:
            logger.exception("A claim could not be looked at again; nothing was sent.")
            return False


@contextmanager
def holding(what: Locked, name: object) -> Iterator[None]:
    """Hold the lock that tells other processes that this one may still be sending.

    It ends with the process or its connection. Losing the connection does not hide how the sending ended.
    """
    ended = False
    try:
        with transaction.atomic(durable=True):
            lock(what, name)
            with connection.cursor() as cursor:
                # A stopped process keeps it for as long as it is stopped: it might still send.
                cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            yield
            ended = True
    except Error:
        if not ended:
            raise
        logger.exception("The lock on the %s %s was lost before it was given back.", what, name)


def is_held(what: Locked, name: object) -> bool:
    """Whether a process may still be sending it. The caller holds a transaction, and the lock with it if it is free."""
    return not try_lock(what, name)
