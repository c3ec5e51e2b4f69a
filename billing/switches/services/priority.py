"""Priority of requests to a switch: people and payments go first, background work takes what they leave."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from datetime import timedelta
from enum import Enum, auto

from billing.vos3000 import Admission, Withheld

LONGEST_WAIT = timedelta(minutes=2)
PAUSE = 0.2


class Priority(Enum):
    FOR_PEOPLE = auto()
    IN_BACKGROUND = auto()
    WAITING_FOR_BUDGET = auto()


_priority: ContextVar[Priority] = ContextVar("priority", default=Priority.FOR_PEOPLE)


@contextmanager
def _within(priority: Priority) -> Iterator[None]:
    token = _priority.set(priority)
    try:
        yield
    finally:
        _priority.reset(token)


def background() -> AbstractContextManager[None]:
    """Have clients that are made within leave a part of the switch's budget to people and payments."""
    return _within(Priority.IN_BACKGROUND)


def waiting_for_budget() -> AbstractContextManager[None]:
    """Do as `background` does, and have requests that the budget withholds wait for their turn instead of failing."""
    return _within(Priority.WAITING_FOR_BUDGET)


def is_background() -> bool:
    return _priority.get() is not Priority.FOR_PEOPLE


class WaitingAdmission:
    """An admission that, within `waiting_for_budget`, waits for the budget of the one it wraps."""

    def __init__(self, admission: Admission) -> None:
        self._admission = admission

    def admit(self, operation: str) -> None:
        give_up = time.monotonic() + LONGEST_WAIT.total_seconds()
        while True:
            try:
                return self._admission.admit(operation)
            except Withheld:
                if _priority.get() is not Priority.WAITING_FOR_BUDGET or time.monotonic() >= give_up:
                    raise
            time.sleep(PAUSE)

    def succeeded(self, operation: str) -> None:
        self._admission.succeeded(operation)

    def failed(self) -> None:
        self._admission.failed()

    def unreadable_answer(self, operation: str) -> None:
        self._admission.unreadable_answer(operation)
