"""A worker's death in this process: at a chosen moment nothing more of it is done, as after SIGKILL.

Only the process that dies is simulated. `kills.py` ends real ones, which takes seconds each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import datetime
from typing import Any
from unittest import mock

from bench.conform.kills import KillPoint
from billing.models import TopUpState, Transition
from billing.services import operations, sending, topups
from billing.vos3000.operations.payments import pay


class Death(BaseException):
    """No handler of errors may hold it up."""


def carry_out_until_death(*, topup_id: int, now: datetime, point: KillPoint) -> None:
    with MOMENTS[point](), suppress(Death):
        topups.carry_out(topup_id=topup_id, now=now)


def _before_claim() -> AbstractContextManager[Any]:
    return mock.patch.object(sending, "_claim", side_effect=Death)


def _after_claim() -> AbstractContextManager[Any]:
    return mock.patch.object(sending, "_pay", side_effect=Death)


@contextmanager
def _after_send() -> Iterator[None]:
    def pay_and_die(*args: Any, **kwargs: Any) -> None:
        try:
            pay(*args, **kwargs)
        finally:
            raise Death

    with mock.patch.object(operations, "pay", pay_and_die):
        yield


@contextmanager
def _before_save() -> Iterator[None]:
    """Within the transaction that would have kept the result."""
    create = Transition.objects.create

    def die_of_a_result(**fields: Any) -> Transition:
        if fields.get("from_state") == TopUpState.SENDING:
            raise Death
        return create(**fields)

    with mock.patch.object(Transition.objects, "create", die_of_a_result):
        yield


MOMENTS: dict[KillPoint, Callable[[], AbstractContextManager[Any]]] = {
    KillPoint.BEFORE_CLAIM: _before_claim,
    KillPoint.AFTER_CLAIM: _after_claim,
    KillPoint.AFTER_SEND: _after_send,
    KillPoint.BEFORE_SAVE: _before_save,
}
