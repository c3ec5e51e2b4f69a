"""Claims: what was claimed leaves in time or never, and other processes see that it might still leave."""

from datetime import timedelta

import pytest
from django.db import OperationalError, transaction

from accounts.lib.clock import Deadline
from billing.lib.advisory_locks import Locked
from billing.lib.claims import Claim, holding, is_held
from billing.vos3000 import Unreachable
from tests.support.sessions import in_another_session, lose_connection

MINUTE = timedelta(minutes=1)


class Clocks:
    """Two clocks that a test sets."""

    def __init__(self) -> None:
        self.running, self.wall = 1000.0, 1_700_000_000.0

    def deadline(self, within: timedelta = MINUTE) -> Deadline:
        return Deadline(within, running=lambda: self.running, wall=lambda: self.wall)


@pytest.mark.parametrize(
    ("running", "wall", "has_passed"),
    [
        (0, 0, False),
        (59, 59, False),
        (60, 60, True),
        (60, 0, True),
        (0, 60, True),
        (3600, -3600, True),
        (59, -99, False),
    ],
)
def test_a_deadline_passes_by_whichever_clock_comes_first(running: int, wall: int, has_passed: int) -> None:
    clocks = Clocks()
    deadline = clocks.deadline()
    clocks.running, clocks.wall = clocks.running + running, clocks.wall + wall
    assert deadline.has_passed is bool(has_passed)


def test_what_is_ours_may_leave_before_the_deadline_alone() -> None:
    clocks = Clocks()
    claim = Claim(lambda: True, deadline=clocks.deadline())
    assert claim.may_leave()
    clocks.wall += 60
    assert not claim.may_leave()


def test_what_another_process_took_may_not_leave() -> None:
    assert not Claim(lambda: False, deadline=Clocks().deadline()).may_leave()


def test_a_process_that_is_stopped_while_it_looks_may_not_send() -> None:
    clocks = Clocks()

    def look_for_hours() -> bool:
        clocks.running += 7200
        return True

    assert not Claim(look_for_hours, deadline=clocks.deadline()).may_leave()


def test_a_claim_that_cannot_be_looked_at_may_not_leave() -> None:
    def lost() -> bool:
        raise OperationalError("the connection is gone")

    assert not Claim(lost, deadline=Clocks().deadline()).may_leave()


@pytest.mark.django_db(transaction=True)
def test_others_see_that_a_process_holds_it_until_it_is_done() -> None:
    def held() -> bool:
        with transaction.atomic():
            return is_held(Locked.SENDING_OF_TOPUP, 1)

    with holding(Locked.SENDING_OF_TOPUP, 1):
        assert in_another_session(held)
    assert not in_another_session(held)


@pytest.mark.django_db(transaction=True)
def test_how_the_sending_ended_is_known_although_the_connection_was_lost(caplog: pytest.LogCaptureFixture) -> None:
    with holding(Locked.SENDING_OF_TOPUP, 1):
        lose_connection()
    assert "was lost before it was given back" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_an_error_of_the_sending_itself_is_not_hidden() -> None:
    with pytest.raises(Unreachable), holding(Locked.SENDING_OF_TOPUP, 1):
        raise Unreachable("Pay", "no connection")
