from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from django.utils.translation import gettext as _

from portal.demo import leftovers

CHECKOUT = Path(__file__).resolve().parent.parent.parent
GRACE_SECONDS = 12.0


class ChildDied(Exception):
    def __init__(self, name: str, code: int, log: Path) -> None:
        sentence = _("%(name)s ended by itself (exit code %(code)s); %(log)s says why.")
        super().__init__(sentence % {"name": name, "code": code, "log": log})


@dataclass
class Children:
    """The demo's processes, each leading a session of its own, so that Ctrl-C reaches them in our order alone."""

    folder: Path
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str, command: Sequence[str]) -> subprocess.Popen[bytes]:
        """Start a command of `portal.processes` with this very Python; what it prints goes to its log."""
        program, *arguments = command
        with self.log(name).open("wb") as log:
            child = subprocess.Popen(  # noqa: S603  # commands of ours alone
                [sys.executable if program == "python" else program, *arguments],
                cwd=CHECKOUT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        leftovers.write_down(self.folder, child.pid)
        self.running[name] = child
        return child

    def log(self, name: str) -> Path:
        logs = self.folder / "logs"
        logs.mkdir(exist_ok=True)
        return logs / f"{name}.log"

    def finish(self, name: str) -> None:
        """Wait for a process that ends by itself. Raises ChildDied when it failed."""
        child = self.running.pop(name)
        if child.wait():
            raise ChildDied(name, child.returncode, self.log(name))
        leftovers.strike_out(self.folder, child.pid)

    def check(self) -> None:
        """Raises ChildDied when one of them has ended."""
        for name, child in self.running.items():
            if child.poll() is not None:
                raise ChildDied(name, child.returncode, self.log(name))

    def watch(self) -> None:
        """Check the processes for as long as they run; raises ChildDied when one of them has ended."""
        while True:
            self.check()
            time.sleep(0.5)

    def stop(self) -> None:
        """Stop all, the last one started first. They have one grace together, then their groups are ended."""
        for child in reversed(self.running.values()):
            if child.poll() is None:
                child.send_signal(signal.SIGTERM)
        give_up = time.monotonic() + GRACE_SECONDS
        for child in reversed(self.running.values()):
            self._await_end(child, give_up)
            leftovers.strike_out(self.folder, child.pid)
        self.running.clear()

    @staticmethod
    def _await_end(child: subprocess.Popen[bytes], give_up: float) -> None:
        try:
            child.wait(max(0.1, give_up - time.monotonic()))
        except subprocess.TimeoutExpired:
            leftovers.signal_group(child.pid, signal.SIGKILL)
            child.wait()
        # What a leader left behind when it died before its own children.
        leftovers.signal_group(child.pid, signal.SIGKILL)
