"""A process that is stopped between its claim and its `Pay` sends nothing once others have gone on without it."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import Account, Switch, User
from billing.lib.advisory_locks import Locked
from billing.lib.claims import holding
from billing.topups.models import DecisionReason, TopUp, TopUpState
from billing.topups.services import dead_senders
from billing.topups.services import decisions as topup_decisions
from billing.topups.services import sending as topup_sending
from tests.support.factories import AccountFactory, TopUpFactory, UserFactory
from tests.support.refusals import refused
from tests.support.sessions import in_another_session
from tests.support.waiting import eventually

pytestmark = pytest.mark.django_db(transaction=True)

HOUR = timedelta(hours=1)


class SlowDoor:
    """A switch's address at which a connection comes about only when the test lets it; it notes what it is sent."""

    def __init__(self) -> None:
        self._listener = socket.socket()
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen(0)
        self._fillers = [socket.socket() for _ in range(2)]
        for filler in self._fillers:
            filler.setblocking(False)
            filler.connect_ex(self._listener.getsockname())
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def open(self) -> bytes:
        """Let the waiting connection come about; return all that is sent over it before it ends."""
        for filler in self._fillers:
            self._listener.accept()[0].close()
            filler.close()
        self._listener.settimeout(10)
        waiting, _ = self._listener.accept()
        waiting.settimeout(10)
        with waiting:
            return waiting.recv(65536)

    def close(self) -> None:
        for end in (self._listener, *self._fillers):
            end.close()


@pytest.fixture
def door() -> Iterator[SlowDoor]:
    door = SlowDoor()
    yield door
    door.close()


@pytest.fixture
def account(door: SlowDoor) -> Account:
    account = AccountFactory.create()
    Switch.objects.update(url=door.url)
    return account


@pytest.fixture
def decider() -> User:
    return UserFactory.create(is_superuser=True)


def begun(account: Account, pool: ThreadPoolExecutor) -> tuple[TopUp, Future[TopUp]]:
    """Begin to send in another thread, and return as soon as it is claimed."""
    topup = TopUpFactory.create(account=account, requested_at=timezone.now(), deadline=timezone.now() + HOUR)

    def send() -> TopUp:
        try:
            return topup_sending.send(topup_id=topup.pk, now=timezone.now())
        finally:
            connection.close()

    sending = pool.submit(send)
    assert eventually(lambda: TopUp.objects.filter(pk=topup.pk, state=TopUpState.SENDING).exists(), seconds=20)
    return topup, sending


def test_what_was_put_in_doubt_while_it_connected_does_not_leave(account: Account, door: SlowDoor) -> None:
    with ThreadPoolExecutor(1) as pool:
        topup, sending = begun(account, pool)
        dead_senders.doubt_dead_senders(now=timezone.now() + HOUR)
        assert door.open() == b""
        assert sending.result().state == TopUpState.IN_DOUBT
    topup.refresh_from_db()
    assert topup.state == TopUpState.IN_DOUBT


def test_what_is_still_claimed_leaves(account: Account, door: SlowDoor) -> None:
    with ThreadPoolExecutor(1) as pool:
        topup, sending = begun(account, pool)
        assert topup.reference.encode() in door.open()
        assert sending.result().state == TopUpState.IN_DOUBT  # the connection broke without an answer


def in_review(account: Account) -> TopUp:
    topup = TopUpFactory.create(account=account)
    for state in (TopUpState.SENDING, TopUpState.IN_DOUBT, TopUpState.REVIEW):
        TopUp.objects.filter(pk=topup.pk).update(state=state, sent_at=timezone.now())
    topup.refresh_from_db()
    return topup


def test_what_a_stopped_process_still_holds_is_not_called_not_applied(account: Account, decider: User) -> None:
    topup = in_review(account)

    def decide() -> None:
        topup_decisions.decide(
            topup=topup, verdict=TopUpState.NOT_APPLIED, by=decider, why="Not there", now=timezone.now() + HOUR
        )

    with (
        holding(Locked.SENDING_OF_TOPUP, topup.pk),
        refused(topup_decisions.DecisionRefused, DecisionReason.MAY_STILL_LEAVE),
    ):
        in_another_session(decide)
    decide()
    assert topup.state == TopUpState.NOT_APPLIED


def test_what_is_within_the_time_of_its_claim_is_not_called_not_applied(account: Account, decider: User) -> None:
    topup = in_review(account)
    with refused(topup_decisions.DecisionRefused, DecisionReason.MAY_STILL_LEAVE):
        topup_decisions.decide(
            topup=topup, verdict=TopUpState.NOT_APPLIED, by=decider, why="Not there", now=timezone.now()
        )
