"""Waiting for the switch's budget where nobody waits for a page: in commands, for as long as a with-block lasts."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import timedelta

from billing.vos3000 import Gate, Withheld

LONGEST = timedelta(minutes=2)
PAUSE = 0.2

_is_patient: ContextVar[bool] = ContextVar("is_patient", default=False)


@contextmanager
def patience() -> Iterator[None]:
    """Within, a request that the budget withholds waits for its turn instead of failing."""
    token = _is_patient.set(True)
    try:
        yield
    finally:
        _is_patient.reset(token)


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
                if not _is_patient.get() or time.monotonic() >= give_up:
                    raise
            time.sleep(PAUSE)

    def succeeded(self) -> None:
        self._gate.succeeded()

    def failed(self) -> None:
        self._gate.failed()
