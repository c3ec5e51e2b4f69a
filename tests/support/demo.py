"""`manage.py demo` as a process of its own, for tests that walk through the whole running portal."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

from portal import local

CHECKOUT = Path(__file__).resolve().parent.parent.parent
# What a test run or a shell says of its own servers is not the demo's.
NOT_INHERITED = {"DATABASE_URL", "REDIS_URL", "SECRET_KEY", "DEBUG", "PUBLIC_URL"}


@dataclass(frozen=True)
class Person:
    role: str
    email: str
    password: str
    name: str
    account: str


@dataclass
class DemoProcess:
    """Start on entering, stop on leaving; a folder and a port that are its own. Leaves no process behind."""

    folder: Path
    port: int = field(default_factory=local.free_port)
    command: tuple[str, ...] = (sys.executable, "manage.py", "demo", "--json")
    settings: str = "tests.support.settings"
    people: dict[str, Person] = field(default_factory=dict)
    seconds: float = 0

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    def __enter__(self) -> Self:
        self.start()
        line = self.process.stdout.readline() if self.process.stdout else b""
        if not line:
            raise RuntimeError(f"The demo did not start: {self.stop()}")
        told = json.loads(line)
        self.seconds = told["seconds"]
        self.people = {person["role"]: Person(**person) for person in told["people"]}
        return self

    def start(self) -> None:
        self.process = subprocess.Popen(
            self.command,
            cwd=CHECKOUT,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name not in NOT_INHERITED}
        own = {"PORT": str(self.port), "PORTAL_FOLDER": str(self.folder), "DJANGO_SETTINGS_MODULE": self.settings}
        return {**kept, **own}

    def stop(self, number: signal.Signals = signal.SIGTERM) -> str:
        """What it had to say for itself."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, number)
        _, said = self.process.communicate(timeout=60)
        return said.decode()

    def stop_by_itself(self) -> str:
        """Wait for an end that was not asked for, and return what the process wrote."""
        _, said = self.process.communicate(timeout=60)
        return said.decode()

    def left_behind(self) -> list[psutil.Process]:
        """Everything that was started in its surroundings and still runs, by whatever process."""
        return [process for process in psutil.process_iter() if self._surrounds(process)]

    def _surrounds(self, process: psutil.Process) -> bool:
        try:
            # PostgreSQL and Redis write over their environment, but they work in their folder.
            in_folder = Path(process.cwd()).is_relative_to(self.folder)
            return in_folder or process.environ().get("PORTAL_FOLDER") == str(self.folder)
        except (psutil.Error, OSError):
            return False

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.returncode is None:
            self.stop()
        for pipe in filter(None, (self.process.stdout, self.process.stderr)):
            pipe.close()
