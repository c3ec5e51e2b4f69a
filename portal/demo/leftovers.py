"""Writes the demo's processes down while they run, so that what a killed demo left behind ends at the next start."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path

import psutil

GRACE_SECONDS = 5.0


def write_down(folder: Path, pid: int) -> None:
    """Remember the leader of a process group, with the time of its start: numbers are used again."""
    notes = folder / "processes"
    notes.mkdir(exist_ok=True)
    (notes / str(pid)).write_text(str(psutil.Process(pid).create_time()))


def strike_out(folder: Path, pid: int) -> None:
    (folder / "processes" / str(pid)).unlink(missing_ok=True)


def end(folder: Path) -> None:
    """End every group that was written down and still is the same one."""
    for note in (folder / "processes").glob("*"):
        if _is_the_same(int(note.name), note.read_text()):
            end_group(int(note.name))
        note.unlink()


def end_group(leader: int) -> None:
    """Ask the whole group to end, and after a grace make it."""
    signal_group(leader, signal.SIGTERM)
    give_up = time.monotonic() + GRACE_SECONDS
    while time.monotonic() < give_up and signal_group(leader, 0):
        time.sleep(0.05)
    signal_group(leader, signal.SIGKILL)


def signal_group(leader: int, number: int) -> bool:
    """Send a signal to the group; returns False when nothing of it is left."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, number)
        return True
    return False


def _is_the_same(pid: int, started: str) -> bool:
    """Whether it is still the group that was written down.

    It is also where its leader is gone: no new process can have that number while the group lives on.
    """
    try:
        return str(psutil.Process(pid).create_time()) == started
    except psutil.NoSuchProcess:
        return True
