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

from portal import local

CHECKOUT = Path(__file__).resolve().parent.parent
# What a test run or a shell says of its own servers is not the demo's.
NOT_INHERITED = {"DATABASE_URL", "REDIS_URL", "SECRET_KEY", "DEBUG", "DJANGO_SETTINGS_MODULE", "PUBLIC_URL"}


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
    command: tuple[str, ...] = (sys.executable, "manage.py", "demo")
    people: dict[str, Person] = field(default_factory=dict)
    seconds: float = 0

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    def __enter__(self) -> Self:
        self.process = subprocess.Popen(
            [*self.command, "--json"],
            cwd=CHECKOUT,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"The demo did not start: {self.stop()}")
        told = json.loads(line)
        self.seconds = told["seconds"]
        self.people = {person["role"]: Person(**person) for person in told["people"]}
        return self

    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name not in NOT_INHERITED}
        return {**kept, "PORT": str(self.port), "PORTAL_FOLDER": str(self.folder)}

    def stop(self, number: signal.Signals = signal.SIGTERM) -> str:
        """What it had to say for itself."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, number)
        _, said = self.process.communicate(timeout=60)
        return said.decode()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.returncode is None:
            self.stop()
