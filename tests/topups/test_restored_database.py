"""After the restore of a backup the switch knows of payments that the database has forgotten: none is made twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.models import Account, Switch, User
from billing.balances.services import profiles
from billing.lib.redis import connection as redis
from billing.topups.models import Source, TopUp, TopUpState
from billing.topups.services import requests as topup_requests
from billing.topups.services import sending as topup_sending
from billing.topups.services import states, witness
from billing.topups.services.doubt_resolution import resolve
from simulator.process import SimulatorProcess
from tests.support.factories import UserFactory

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


@pytest.fixture
def account(switch: Switch, simulator: SimulatorProcess) -> Account:
    return profiles.ensure(switch=switch, number="C-301", now=timezone.now())


@pytest.fixture
def by() -> User:
    return UserFactory.create()


def ask(account: Account, by: User, key: str = "of the form") -> TopUp:
    return topup_requests.request(
        account=account,
        amount=Decimal(50),
        by=by,
        key=key,
        source=Source.OPERATOR,
        now=timezone.now(),
        besides_unsettled=True,
    )


def send(topup: TopUp) -> TopUp:
    return topup_sending.send(topup_id=topup.pk, now=timezone.now())


def restored_to_before(happened: Callable[[], object]) -> None:
    """The switch keeps what happened; the database knows nothing of it."""
    before = transaction.savepoint()
    happened()
    transaction.savepoint_rollback(before)


def settled(topup: TopUp) -> TopUpState:
    resolve(switch=topup.account.switch, now=timezone.now(), all_of_them=True)
    topup.refresh_from_db()
    return TopUpState(topup.state)


def pays(simulator: SimulatorProcess) -> int:
    return len(simulator.control.received("Pay"))


def test_the_same_form_leads_to_the_same_reference_and_another_form_to_another(account: Account, by: User) -> None:
    first = ask(account, by).reference
    before = transaction.savepoint()
    assert ask(account, by, key="another").reference != first
    transaction.savepoint_rollback(before)
    assert ask(account, by).reference == first


def test_the_same_form_sent_again_finds_its_payment(account: Account, by: User, simulator: SimulatorProcess) -> None:
    restored_to_before(lambda: send(ask(account, by)))
    again = send(ask(account, by))
    assert (again.state, pays(simulator)) == (TopUpState.IN_DOUBT, 1)
    assert settled(again) == TopUpState.CONFIRMED


def test_what_waited_in_the_backup_is_looked_for_before_it_is_sent(
    account: Account, by: User, simulator: SimulatorProcess
) -> None:
    topup = ask(account, by)
    TopUp.objects.filter(pk=topup.pk).update(deadline=timezone.now() + 2 * HOUR)
    restored_to_before(lambda: send(topup))
    redis().flushdb()
    again = topup_sending.send(topup_id=topup.pk, now=timezone.now() + HOUR)
    assert (again.state, pays(simulator)) == (TopUpState.IN_DOUBT, 1)
    assert settled(again) == TopUpState.CONFIRMED


def test_what_waited_and_was_never_sent_leaves_after_the_look(
    account: Account, by: User, simulator: SimulatorProcess
) -> None:
    topup = ask(account, by)
    TopUp.objects.filter(pk=topup.pk).update(deadline=timezone.now() + 2 * HOUR)
    again = topup_sending.send(topup_id=topup.pk, now=timezone.now() + HOUR)
    assert (again.state, pays(simulator)) == (TopUpState.CONFIRMED, 1)
    assert len(simulator.control.received("GetPayHistory")) == 1


def test_what_waited_is_not_sent_while_it_cannot_be_looked_for(
    account: Account, by: User, simulator: SimulatorProcess
) -> None:
    topup = ask(account, by)
    TopUp.objects.filter(pk=topup.pk).update(deadline=timezone.now() + 2 * HOUR)
    simulator.control.add_fault("GetPayHistory", "html_403")
    again = topup_sending.send(topup_id=topup.pk, now=timezone.now() + HOUR)
    assert (again.state, pays(simulator)) == (TopUpState.REQUESTED, 0)


def test_the_note_of_an_attempt_that_surely_did_not_leave_keeps_it_from_nothing(
    account: Account, by: User, simulator: SimulatorProcess
) -> None:
    topup, now = ask(account, by), timezone.now()
    for state in (TopUpState.SENDING, TopUpState.REQUESTED):
        states.move(topup=topup, to=state, now=now, sent_at=now, attempts=topup.attempts + 1)
    redis().set(f"topup-sent:{topup.reference}", now.isoformat())
    assert (send(topup).state, pays(simulator)) == (TopUpState.CONFIRMED, 1)


def test_a_note_whose_answer_was_lost_is_the_attempts_own(account: Account, by: User) -> None:
    topup = ask(account, by)
    states.move(topup=topup, to=TopUpState.SENDING, now=timezone.now(), sent_at=timezone.now())
    assert [witness.note_sending(topup) for _ in range(2)] == [None, None]


def test_its_deadline_does_not_end_what_another_process_has_just_taken(account: Account, by: User) -> None:
    topup = ask(account, by)
    TopUp.objects.filter(pk=topup.pk).update(state=TopUpState.SENDING, attempts=1, sent_at=timezone.now())
    redis().set(f"topup-sent:{topup.reference}", timezone.now().isoformat())
    assert topup_sending.expire(topup=topup, now=timezone.now() + HOUR)
    assert TopUp.objects.get(pk=topup.pk).state == TopUpState.SENDING


def test_a_process_that_read_it_too_early_leaves_the_note_of_the_one_that_sends(account: Account, by: User) -> None:
    read_too_early = ask(account, by)
    sending, now = TopUp.objects.get(pk=read_too_early.pk), timezone.now()
    states.move(topup=sending, to=TopUpState.SENDING, now=now, sent_at=now, attempts=1)
    witness.note_sending(sending)
    assert witness.noted_sending(read_too_early) is None
    assert redis().get(f"topup-sent:{sending.reference}") == now.isoformat().encode()
