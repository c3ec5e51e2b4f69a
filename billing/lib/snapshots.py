"""One state of the database for all that a page reads, whatever is written meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import DEFAULT_DB_ALIAS, connection, connections, transaction

# Of a connection beside the usual one.
BESIDE = "snapshot"


@contextmanager
def snapshot() -> Iterator[None]:
    """Nothing can be written inside. Within another transaction it is as steady as that one."""
    if connection.in_atomic_block:
        yield
        return
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


@contextmanager
def snapshot_beside() -> Iterator[str]:
    """For reading long, while what becomes of it is written: the alias, for `using`, of a connection of its own."""
    connections[BESIDE] = connections[DEFAULT_DB_ALIAS].copy(BESIDE)
    try:
        with transaction.atomic(using=BESIDE):
            with connections[BESIDE].cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield BESIDE
    finally:
        connections[BESIDE].close()
        del connections[BESIDE]
