"""Prepares what the demo stands on: a folder that is its own, a free port, servers, and settings for loopback.

Settings are read from the environment before any command runs, so `manage.py` opens this first.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shlex
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

from portal import local
from portal.demo import leftovers

ENVIRONMENT = "environment"


@contextlib.contextmanager
def surroundings(folder: Path) -> Iterator[None]:
    """Within, the servers run and the environment is the demo's. Leaves with exit code 0 when asked to stop."""
    folder.mkdir(parents=True, exist_ok=True)
    port = _port()
    with alone_in(folder):
        leftovers.end(folder)
        _refuse_taken(port)
        os.environ.update(_environment(folder, port))
        try:
            with _stopping() as stop, local.services(folder):
                stop.now_if_asked()
                _note_environment(folder, port)
                yield
        except KeyboardInterrupt:
            print("Everything is stopped.", file=sys.stderr)  # noqa: T201


class _Stop:
    """Holds a request to stop back while the servers start: one that is cut off meanwhile cannot be started again."""

    def __init__(self) -> None:
        self.asked = False
        self.may_wait = True

    def __call__(self, number: int, frame: FrameType | None) -> None:
        first, self.asked = not self.asked, True
        if first and not self.may_wait:
            raise KeyboardInterrupt

    def now_if_asked(self) -> None:
        self.may_wait = False
        if self.asked:
            raise KeyboardInterrupt


@contextlib.contextmanager
def _stopping() -> Iterator[_Stop]:
    stop = _Stop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    yield stop


def _port() -> int:
    text = os.environ.get("PORT") or "8000"
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 65536:
        sys.exit(f"PORT must be a number from 1 to 65535, not {text!r}.")
    return int(text)


def _refuse_taken(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            sys.exit(f"Port {port} cannot be used ({error.strerror}). Name another one: PORT={port + 1} make run")


@contextlib.contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Make sure that no other demo uses the folder; ends the program where one does."""
    with (folder / "demo.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.exit(f"A demo already runs in {folder}. Stop it, or name another folder in PORTAL_FOLDER.")
        yield


def _environment(folder: Path, port: int) -> dict[str, str]:
    return {
        "DEBUG": "0",
        "BIND": "127.0.0.1",
        "PORT": str(port),
        "PUBLIC_URL": f"http://localhost:{port}",
        "ALLOWED_HOSTS": "localhost,127.0.0.1",
        "BEHIND_PROXY": "0",
        "SECOND_FACTOR_REQUIRED": "0",  # the logins that are printed open everything at once
        "EMAIL_URL": "console:",
        "PAYMENT_PROVIDER": "demo",
        "STATIC_ROOT": str(folder / "static"),
        "EXPORT_DIR": str(folder / "exports"),
        "BEAT_SCHEDULE": str(folder / "beat-schedule"),
    }


def _note_environment(folder: Path, port: int) -> None:
    """Write the environment down for a shell beside the demo, so that other commands reach the same servers."""
    note = folder / ENVIRONMENT
    note.touch(mode=0o600)
    names = (*_environment(folder, port), "SECRET_KEY", "DATABASE_URL", "REDIS_URL")
    note.write_text("".join(f"export {name}={shlex.quote(os.environ[name])}\n" for name in names))
