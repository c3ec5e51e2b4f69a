"""Processes of the portal beside this one, on the same database and Redis."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

LONGEST_STOP = 60
MEGABYTE = 1 << 20


@contextmanager
def child(environ: Mapping[str, str], *command: str) -> Iterator[subprocess.Popen[bytes]]:
    """`command` is what Python runs; its output is dropped."""
    process = subprocess.Popen(
        [sys.executable, *command], env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(LONGEST_STOP)


def said_by(environ: Mapping[str, str], *command: str) -> bytes:
    """What it prints until it ends."""
    done = subprocess.run([sys.executable, *command], env=environ, stdout=subprocess.PIPE, check=True)
    return done.stdout


def most_memory_held() -> int:
    """Of this process so far, in bytes; what `resource` says includes whatever process this one was started by."""
    return _of_status("VmHWM")


def memory_held() -> int:
    return _of_status("VmRSS")


def _of_status(name: str) -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f"the system does not say {name}")
