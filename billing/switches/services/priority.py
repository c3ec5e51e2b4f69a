"""How work asks the switch where nobody waits for a page: people and payments go first."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from datetime import timedelta
from enum import Enum, auto

from billing.vos3000 import Gate, Withheld

LONGEST = timedelta(minutes=2)
PAUSE = 0.2


class Priority(Enum):
    FOR_PEOPLE = auto()
    IN_BACKGROUND = auto()
    PATIENTLY = auto()


_manner: ContextVar[Priority] = ContextVar("manner", default=Priority.FOR_PEOPLE)


@contextmanager
def _asking(manner: Priority) -> Iterator[None]:
    token = _manner.set(manner)
    try:
        yield
    finally:
        _manner.reset(token)


def background() -> AbstractContextManager[None]:
    """Within, clients leave a part of the switch's budget to people and payments."""
    return _asking(Priority.IN_BACKGROUND)


def waiting_for_budget() -> AbstractContextManager[None]:
    """As `background`, and what the budget withholds waits for its turn instead of failing."""
    return _asking(Priority.PATIENTLY)


def is_background() -> bool:
    return _manner.get() is not Priority.FOR_PEOPLE


class PatientGate:
    """A gate that waits within `patience` and is the gate it was given elsewhere."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    def admit(self, operation: str) -> None:
        give_up = time.monotonic() + LONGEST.total_seconds()
        while True:
            try:
                return self._gate.admit(operation)
            except Withheld:
                if _manner.get() is not Priority.PATIENTLY or time.monotonic() >= give_up:
                    raise
            time.sleep(PAUSE)

    def succeeded(self, operation: str) -> None:
        self._gate.succeeded(operation)

    def failed(self) -> None:
        self._gate.failed()

    def garbled(self, operation: str) -> None:
        self._gate.garbled(operation)
