"""A database that was set back holds top-ups that wait although they were sent: none is sent again, or ended."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.models import Account, Switch, User
from billing.balances.services import profiles
from billing.sync.services import mirroring
from billing.topups.models import Kind, Source, StrayPayment, TopUp, TopUpState
from billing.topups.services import dead_senders, witness
from billing.topups.services import requests as topup_requests
from billing.topups.services import sending as topup_sending
from billing.topups.services.doubt_resolution import resolve
from simulator.process import SimulatorProcess
from tests.support.factories import TopUpFactory, UserFactory

pytestmark = pytest.mark.django_db(transaction=True)
HOUR = timedelta(hours=1)
FIVE = Decimal(5)


@pytest.fixture
def account(switch: Switch) -> Account:
    return profiles.ensure(switch=switch, number="C-301", now=timezone.now())


@pytest.fixture
def by(switch: Switch) -> User:
    return UserFactory.create()


def requested(account: Account, by: User) -> TopUp:
    return topup_requests.request(
        account=account,
        amount=FIVE,
        by=by,
        key="the form's",
        source=Source.OPERATOR,
        now=timezone.now(),
        send_by_worker=False,
    )


def sent_and_forgotten(simulator: SimulatorProcess, topup: TopUp) -> None:
    """Done by the switch, and noted, of which the database knows nothing."""
    witness.note_sending(topup)
    simulator.control.pay(topup.account.number, topup.amount, memo=topup.reference)


def pays(simulator: SimulatorProcess) -> int:
    return len(simulator.control.received("Pay"))


def state_of(topup: TopUp) -> str:
    topup.refresh_from_db()
    return topup.state


def test_the_note_outside_the_database_keeps_it_from_being_sent_again(
    account: Account, by: User, simulator: SimulatorProcess
) -> None:
    topup = requested(account, by)
    sent_and_forgotten(simulator, topup)
    topup_sending.send(topup_id=topup.pk, now=timezone.now())
    assert (state_of(topup), pays(simulator)) == (TopUpState.IN_DOUBT, 0)
    resolve(switch=account.switch, now=timezone.now(), all_of_them=True)
    assert state_of(topup) == TopUpState.CONFIRMED


def test_its_deadline_does_not_end_it(account: Account, by: User, simulator: SimulatorProcess) -> None:
    topup = requested(account, by)
    sent_and_forgotten(simulator, topup)
    dead_senders.sweep(now=topup.deadline + HOUR)
    assert (state_of(topup), pays(simulator)) == (TopUpState.IN_DOUBT, 0)


def test_a_debit_that_emptied_the_balance_is_not_called_uncovered(
    switch: Switch, by: User, simulator: SimulatorProcess
) -> None:
    agent = profiles.ensure(switch=switch, number="R-100", now=timezone.now())
    assert agent.spendable is not None
    debit = TopUpFactory.create(
        account=agent,
        kind=Kind.DEBIT,
        source=Source.TRANSFER,
        amount=-agent.spendable,
        requested_by=by,
        requested_at=timezone.now() - HOUR,
        deadline=timezone.now() + HOUR,
    )
    simulator.control.pay("R-100", debit.amount, memo=debit.reference)
    topup_sending.send(topup_id=debit.pk, now=timezone.now())
    assert (state_of(debit), pays(simulator)) == (TopUpState.IN_DOUBT, 0)


def test_a_form_that_is_posted_again_finds_the_stray_payment_it_made(
    account: Account, by: User, simulator: SimulatorProcess
) -> None:
    with transaction.atomic():
        reference = requested(account, by).reference
        transaction.set_rollback(True)
    simulator.control.pay("C-301", FIVE, memo=reference)
    mirroring.mirror(account=account, now=timezone.now())
    assert StrayPayment.objects.get().reference == reference
    topup = requested(account, by)
    topup_sending.send(topup_id=topup.pk, now=timezone.now())
    assert (topup.reference, state_of(topup), pays(simulator)) == (reference, TopUpState.IN_DOUBT, 0)
    resolve(switch=account.switch, now=timezone.now(), all_of_them=True)
    assert state_of(topup) == TopUpState.CONFIRMED
    assert topup.payment is not None


def test_without_redis_it_is_neither_sent_nor_ended(account: Account, by: User, simulator: SimulatorProcess) -> None:
    topup = requested(account, by)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("django.conf.settings.REDIS_URL", "redis://127.0.0.1:1/0")
        topup_sending.send(topup_id=topup.pk, now=timezone.now())
        dead_senders.sweep(now=topup.deadline + HOUR)
    assert (state_of(topup), pays(simulator)) == (TopUpState.REQUESTED, 0)
    topup_sending.send(topup_id=topup.pk, now=timezone.now())
    assert (state_of(topup), pays(simulator)) == (TopUpState.CONFIRMED, 1)


def test_what_waited_is_not_sent_while_the_history_cannot_be_read(
    account: Account, by: User, simulator: SimulatorProcess
) -> None:
    topup = requested(account, by)
    simulator.control.add_fault("GetPayHistory", "unlisted_code", count=1)
    for _ in range(2):
        topup_sending.send(topup_id=topup.pk, now=timezone.now() + timedelta(minutes=1))
    assert (state_of(topup), pays(simulator)) == (TopUpState.CONFIRMED, 1)
