"""Priority of requests to a switch: of which kind of work they are, and how long they wait for their turn."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import timedelta

from billing.switches.services.budget import BudgetUsedUp, Work
from billing.vos3000 import Admission, Withheld

LONGEST_WAIT = timedelta(minutes=2)
PAUSE = 0.2


@dataclass
class Patience:
    """For how many more seconds the requests of a piece of work wait for the budget, all of them together."""

    left: float = 0.0


_work: ContextVar[Work] = ContextVar("work", default=Work.PEOPLE)
_patience: ContextVar[Patience | None] = ContextVar("patience", default=None)
_waits_always: ContextVar[bool] = ContextVar("waits_always", default=False)


@contextmanager
def doing(work: Work, *, patience: timedelta = timedelta(0)) -> Iterator[None]:
    """Have clients that are made within ask for that kind of work.

    While the budget has nothing for it, requests wait for their turn, all together for at most `patience`.
    """
    work_before, patience_before = _work.set(work), _patience.set(Patience(patience.total_seconds()))
    try:
        yield
    finally:
        _patience.reset(patience_before)
        _work.reset(work_before)


@contextmanager
def waiting_for_budget() -> Iterator[None]:
    """Have each request that is withheld wait for its turn for up to two minutes instead of failing."""
    before = _waits_always.set(True)
    try:
        yield
    finally:
        _waits_always.reset(before)


def present_work() -> Work:
    return _work.get()


class WaitingAdmission:
    """An admission that waits for the budget of the one it wraps, as far as the work at hand has patience."""

    def __init__(self, admission: Admission) -> None:
        self._admission = admission

    def admit(self, operation: str) -> None:
        give_up = time.monotonic() + LONGEST_WAIT.total_seconds()
        while True:
            try:
                return self._admission.admit(operation)
            except Withheld as error:
                if not (_waits_always.get() and time.monotonic() < give_up) and not _has_patience(error):
                    raise
            time.sleep(PAUSE)

    def succeeded(self, operation: str) -> None:
        self._admission.succeeded(operation)

    def failed(self) -> None:
        self._admission.failed()

    def unreadable_answer(self, operation: str) -> None:
        self._admission.unreadable_answer(operation)


def _has_patience(error: Withheld) -> bool:
    """Take the next pause from what patience is left. A switch that does not answer is not waited for."""
    patience = _patience.get()
    if patience is None or patience.left < PAUSE or not isinstance(error, BudgetUsedUp):
        return False
    patience.left -= PAUSE
    return True
