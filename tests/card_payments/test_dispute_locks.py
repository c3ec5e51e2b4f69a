"""An account is locked on the switch after a dispute, where the switch is set so: once, and read back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, connections, transaction
from django.utils import timezone

from accounts.models import Account, AuditEntry, Switch
from billing.card_payments.models import CardPayment, DisputeLock, DisputeLockReason, DisputeLockState
from billing.card_payments.services import dispute_locks
from billing.card_payments.services.decisions import mark_handled
from billing.lib.reasons import Because
from billing.switches.services import clients
from billing.vos3000.operations.customers import LockType, modify_customer
from simulator.process import SimulatorProcess
from tests.card_payments.support import report
from tests.support.factories import AccountFactory, CardReversalFactory
from tests.support.logins import logged_in
from tests.support.pages import read
from tests.support.staffsite import page_of, staff
from tests.support.stripe_server import StripeServer, event

pytestmark = pytest.mark.django_db


@pytest.fixture
def disputed(payment: CardPayment, stripe: StripeServer, account: Account) -> CardPayment:
    """Paid, and disputed, at a switch that is set to lock."""
    Switch.objects.update(lock_on_dispute=True)
    report(event(stripe.pay()))
    report(event(stripe.dispute(), "charge.dispute.created"))
    return payment


def go_on(*, after: timedelta = timedelta(0)) -> DisputeLock:
    dispute_locks.sweep(now=timezone.now() + after)
    return DisputeLock.objects.get()


def go_on_until_settled() -> DisputeLock:
    for minutes in (1, 2, 31, 32):
        lock = go_on(after=timedelta(minutes=minutes))
    return lock


def sent(simulator: SimulatorProcess) -> int:
    return len(simulator.control.received("ModifyCustomer"))


def is_locked(account: Account) -> bool:
    account.refresh_from_db()
    return account.is_locked


def test_without_the_setting_no_account_is_locked(payment: CardPayment, stripe: StripeServer) -> None:
    report(event(stripe.pay()))
    report(event(stripe.dispute(), "charge.dispute.created"))
    assert not DisputeLock.objects.exists()


def test_a_refund_locks_no_account(payment: CardPayment, stripe: StripeServer) -> None:
    Switch.objects.update(lock_on_dispute=True)
    report(event(stripe.pay()))
    report(event(stripe.refund(1000), "refund.created"))
    assert not DisputeLock.objects.exists()


def test_a_dispute_locks_the_account_once_and_reads_it_back(
    disputed: CardPayment, stripe: StripeServer, account: Account, simulator: SimulatorProcess
) -> None:
    report(event(stripe.dispute("under_review"), "charge.dispute.updated"))
    lock = go_on()
    assert (lock.state, lock.account, lock.why) == (DisputeLockState.LOCKED, account, None)
    assert is_locked(account)
    go_on(after=timedelta(minutes=5))
    report(event(stripe.dispute("lost"), "charge.dispute.closed"))
    go_on(after=timedelta(minutes=5))
    assert (sent(simulator), DisputeLock.objects.count()) == (1, 1)
    assert AuditEntry.objects.filter(account=account, subject_type="card_payments.disputelock").count() == 1


def test_an_account_that_is_locked_already_is_left(
    disputed: CardPayment, account: Account, simulator: SimulatorProcess
) -> None:
    with clients.client(account.switch) as client:
        modify_customer(client, account=account.number, lock_type=LockType.LOCKED)
    before = sent(simulator)
    lock = go_on()
    assert (lock.state, lock.why) == (DisputeLockState.LOCKED, Because(DisputeLockReason.LOCKED_ALREADY))
    assert sent(simulator) == before
    assert is_locked(account)


def test_an_account_that_the_switch_no_longer_knows_is_told_to_staff(disputed: CardPayment) -> None:
    other = AccountFactory.create(switch=disputed.account.switch, number="GONE")
    now = timezone.now()
    lock = DisputeLock.objects.create(
        dispute=CardReversalFactory.create(kind="dispute", state="opened"),
        account=other,
        requested_at=now,
        next_step_at=now,
    )
    lock = dispute_locks.carry_out(lock_id=lock.pk, now=now)
    assert (lock.state, lock.why) == (DisputeLockState.NOT_LOCKED, Because(DisputeLockReason.ACCOUNT_GONE))


def test_a_dispute_that_ended_first_locks_no_account(
    disputed: CardPayment, stripe: StripeServer, account: Account, simulator: SimulatorProcess
) -> None:
    report(event(stripe.dispute("won"), "charge.dispute.closed"))
    lock = go_on()
    assert (lock.state, lock.why) == (DisputeLockState.NOT_LOCKED, Because(DisputeLockReason.DISPUTE_OVER))
    assert (sent(simulator), is_locked(account)) == (0, False)


@pytest.mark.parametrize(
    ("fault", "end"),
    [
        ("drop_before", DisputeLockState.NOT_LOCKED),
        ("drop_after", DisputeLockState.LOCKED),
        ("empty_after", DisputeLockState.LOCKED),
        ("unlisted_code", DisputeLockState.NOT_LOCKED),
        ("late_code_after", DisputeLockState.LOCKED),
    ],
)
def test_what_is_in_doubt_is_settled_by_looking(
    disputed: CardPayment, account: Account, simulator: SimulatorProcess, fault: str, end: DisputeLockState
) -> None:
    simulator.control.add_fault("ModifyCustomer", fault, count=1, seconds=0.1)
    assert go_on().state == DisputeLockState.IN_DOUBT
    assert go_on_until_settled().state == end
    assert (sent(simulator), is_locked(account)) == (1, end == DisputeLockState.LOCKED)


def test_a_lock_that_failed_waits_for_a_person_again(
    disputed: CardPayment, stripe: StripeServer, simulator: SimulatorProcess
) -> None:
    clerk = staff("billing")
    mark_handled(payment=disputed, by=clerk, why="Seen", now=timezone.now())
    simulator.control.add_fault("ModifyCustomer", "listed_code", count=1)
    lock = go_on()
    assert (lock.state, sent(simulator)) == (DisputeLockState.NOT_LOCKED, 1)
    assert disputed.reversals.get().handled_at is None
    assert str(lock.why) in read(logged_in(clerk).get(page_of(disputed))).words


def test_a_switch_that_is_down_is_waited_for(disputed: CardPayment, account: Account) -> None:
    url = account.switch.url
    Switch.objects.update(url="http://127.0.0.1:9")
    assert go_on().state == DisputeLockState.WAITING
    Switch.objects.update(url=url)
    assert go_on(after=timedelta(minutes=30)).state == DisputeLockState.LOCKED


def test_a_sender_that_died_leaves_it_to_be_looked_for_and_not_sent_again(
    disputed: CardPayment, account: Account, simulator: SimulatorProcess
) -> None:
    now = timezone.now()
    DisputeLock.objects.update(state=DisputeLockState.SENDING, sent_at=now - timedelta(minutes=2), attempts=1)
    assert go_on().state == DisputeLockState.IN_DOUBT
    assert go_on_until_settled().state == DisputeLockState.NOT_LOCKED
    assert sent(simulator) == 0


@pytest.mark.django_db(transaction=True)
def test_many_workers_send_it_once(disputed: CardPayment, account: Account, simulator: SimulatorProcess) -> None:
    lock = DisputeLock.objects.get()

    def work(_: int) -> None:
        try:
            dispute_locks.carry_out(lock_id=lock.pk, now=timezone.now())
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(work, range(8)))
    lock.refresh_from_db()
    assert (lock.state, sent(simulator)) == (DisputeLockState.LOCKED, 1)


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM card_payments_disputelock",
        "UPDATE card_payments_disputelock SET state = 'in_doubt', sent_at = now()",
        "UPDATE card_payments_disputelock SET state = 'sending'",
        "UPDATE card_payments_disputelock SET state = 'locked'",
        "UPDATE card_payments_disputelock SET requested_at = now() - interval '1 day'",
    ],
)
def test_the_database_keeps_a_lock_as_it_is(disputed: CardPayment, change: str) -> None:
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change)
