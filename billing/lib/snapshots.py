"""Shows everything that a page reads one state of the database, whatever is written meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import DEFAULT_DB_ALIAS, connection, connections, transaction

# The alias of a connection beside the usual one.
BESIDE = "snapshot"


@contextmanager
def snapshot() -> Iterator[None]:
    """Read one state of the database, in which nothing can be written; within another transaction, that one's state."""
    if connection.in_atomic_block:
        yield
        return
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


@contextmanager
def snapshot_beside() -> Iterator[str]:
    """Read one state for long, on a connection of its own, while progress is written. Yields its alias, for `using`."""
    connections[BESIDE] = connections[DEFAULT_DB_ALIAS].copy(BESIDE)
    try:
        with transaction.atomic(using=BESIDE):
            with connections[BESIDE].cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
                # It locks nothing, and may wait for the writer for as long as that takes.
                cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            yield BESIDE
    finally:
        connections[BESIDE].close()
        del connections[BESIDE]
