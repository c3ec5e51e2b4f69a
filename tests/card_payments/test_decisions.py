"""Staff settle what is received and not credited."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connections
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Account, AuditEntry, Switch, User
from billing.balances.services import profiles
from billing.card_payments.models import CardPayment, CardPaymentReason, CardPaymentState, SettlingReason
from billing.card_payments.services.decisions import SettlingRefused, credit_again, mark_refunded
from billing.lib.reasons import Because
from billing.topups.models import ReissueReason, TopUp, TopUpState, Transition
from billing.topups.services import sending as topup_sending
from simulator.process import SimulatorProcess
from tests.support.factories import NOON, CardPaymentFactory, TopUpFactory
from tests.support.logins import PASSWORD, logged_in
from tests.support.pages import addresses, context
from tests.support.refusals import refused
from tests.support.staffsite import page_of, staff, superuser

pytestmark = pytest.mark.django_db


def owed(state: TopUpState | None = TopUpState.REFUSED, *, paid: str = "paid", **given: Account) -> CardPayment:
    """A payment that is received, and what became of its first credit."""
    payment: CardPayment = CardPaymentFactory.create(state=paid, paid_at=NOON, **given)
    if state is not None:
        settled = NOON if state in (TopUpState.REFUSED, TopUpState.NOT_APPLIED, TopUpState.CONFIRMED) else None
        TopUpFactory.create(
            account=payment.account, amount=payment.amount, source="online", online=payment, state=state,
            settled_at=settled,
        )  # fmt: skip
    return payment


@pytest.fixture
def clerk() -> User:
    return staff("billing")


def settle_page(payment: CardPayment) -> str:
    return reverse("admin:card_payments_cardpayment_settle", args=[payment.pk])


def settle(client: Client, payment: CardPayment, verdict: str, why: str = "Looked at it") -> str:
    """Settle a payment on its page. Returns the message that follows, or why it was refused."""
    given = context(client.post(settle_page(payment), {"verdict": verdict, "why": why}, follow=True))
    errors = given["form"].non_field_errors() if "form" in given else []
    return " ".join(map(str, errors or given["messages"]))


@pytest.mark.parametrize("state", [None, TopUpState.REFUSED])
def test_staff_credit_again_under_a_new_reference(clerk: User, state: TopUpState | None) -> None:
    payment = owed(state)
    assert settle_page(payment) in addresses(logged_in(clerk).get(page_of(payment)))
    message = settle(logged_in(clerk), payment, "credit")
    topup = payment.topups.get(state=TopUpState.REQUESTED)
    assert topup.reference in message
    assert (topup.amount, topup.account, topup.requested_by) == (payment.amount, payment.account, clerk)
    noted = AuditEntry.objects.filter(subject_type="card_payments.cardpayment", subject_id=str(payment.pk))
    assert [(entry.action, entry.user) for entry in noted.exclude(action="looked")] == [("reissued", clerk)]


def test_a_large_amount_is_credited_again_only_by_who_shows_again_that_it_is_them(clerk: User) -> None:
    payment, client = owed(), logged_in(clerk)
    Switch.objects.update(fresh_login_above=payment.amount - 1)
    settle(client, payment, "credit")
    assert not payment.topups.filter(state=TopUpState.REQUESTED).exists()
    client.post("/account/reauthenticate/", {"password": PASSWORD})
    settle(client, payment, "credit")
    assert payment.topups.filter(state=TopUpState.REQUESTED).exists()


def test_what_a_review_found_not_applied_is_credited_again_by_a_second_person_after_a_look(
    clerk: User, switch: Switch, simulator: SimulatorProcess
) -> None:
    payment = owed(TopUpState.NOT_APPLIED, account=profiles.ensure(switch=switch, number="C-301", now=timezone.now()))
    decider, old = staff("billing"), payment.topups.get()
    Transition.objects.create(topup=old, from_state="review", to_state="not_applied", at=NOON, by=decider)
    assert str(SettlingReason.DECIDED_BY_YOU.label) in settle(logged_in(decider), payment, "credit")
    assert f"Credited again by {settled(payment, clerk).reference}" in AuditEntry.objects.latest("pk").text


def test_what_the_switch_lists_after_all_is_not_credited_again(
    clerk: User, switch: Switch, simulator: SimulatorProcess
) -> None:
    now = timezone.now()
    payment = owed(TopUpState.NOT_APPLIED, account=profiles.ensure(switch=switch, number="C-301", now=now))
    old = payment.topups.get()
    TopUp.objects.filter(pk=old.pk).update(sent_at=now)
    simulator.control.pay("C-301", old.amount, old.reference)
    with refused(SettlingRefused, ReissueReason.LISTED):
        settled(payment, clerk)


@pytest.fixture
def reviewed_and_refused(switch: Switch, clerk: User) -> CardPayment:
    """Its first credit was found not applied, by the clerk; the one that followed was refused."""
    payment = owed(TopUpState.NOT_APPLIED, account=profiles.ensure(switch=switch, number="C-301", now=timezone.now()))
    old = payment.topups.get()
    Transition.objects.create(topup=old, from_state="review", to_state="not_applied", at=NOON, by=clerk)
    ended = {"state": "refused", "settled_at": NOON}
    TopUpFactory.create(account=old.account, amount=old.amount, source="online", online=payment, **ended)
    return payment


def test_a_person_who_decided_about_an_earlier_credit_credits_it_not_after_a_later_one_either(
    clerk: User, reviewed_and_refused: CardPayment
) -> None:
    with refused(SettlingRefused, SettlingReason.DECIDED_BY_YOU):
        settled(reviewed_and_refused, clerk)
    assert settled(reviewed_and_refused, staff("billing")).state == TopUpState.REQUESTED


def test_an_earlier_credit_that_the_switch_lists_after_all_is_found_too(
    reviewed_and_refused: CardPayment, simulator: SimulatorProcess
) -> None:
    old = reviewed_and_refused.topups.get(state=TopUpState.NOT_APPLIED)
    TopUp.objects.filter(pk=old.pk).update(sent_at=timezone.now())
    simulator.control.pay("C-301", old.amount, old.reference)
    with refused(SettlingRefused, ReissueReason.LISTED):
        settled(reviewed_and_refused, staff("billing"))


def settled(payment: CardPayment, by: User) -> TopUp:
    return credit_again(payment=payment, by=by, why="Looked at it", now=timezone.now())


def test_staff_mark_what_was_paid_back_with_the_reason(clerk: User) -> None:
    payment = owed()
    settle(logged_in(clerk), payment, "refunded", "Paid back at Stripe, re_123")
    payment.refresh_from_db()
    assert (payment.state, payment.settled_by, payment.settled_why) == (
        CardPaymentState.REFUNDED,
        clerk,
        "Paid back at Stripe, re_123",
    )
    assert not CardPayment.objects.owed().exists()


def test_what_arrived_otherwise_than_asked_for_can_only_be_paid_back(clerk: User) -> None:
    payment = owed(None, paid="differs")
    assert str(SettlingReason.ONLY_PAID_BACK.label) in settle(logged_in(clerk), payment, "credit")
    assert not TopUp.objects.exists()
    settle(logged_in(clerk), payment, "refunded")
    assert CardPayment.objects.get().state == CardPaymentState.REFUNDED


def test_what_waits_for_a_switch_that_is_down_can_be_paid_back_and_is_never_sent(
    clerk: User, switch: Switch, simulator: SimulatorProcess
) -> None:
    payment = owed(TopUpState.REQUESTED, account=profiles.ensure(switch=switch, number="C-301", now=timezone.now()))
    with refused(SettlingRefused, SettlingReason.NOT_OWED):
        settled(payment, clerk)
    settle(logged_in(clerk), payment, "refunded")
    payment.refresh_from_db()
    topup = payment.topups.get()
    assert (payment.state, topup.state, topup.why) == (CardPaymentState.REFUNDED, TopUpState.REFUSED, None)
    last = topup.transitions.last()
    assert last is not None
    assert last.why == Because(CardPaymentReason.PAID_BACK, {"why": "Looked at it"})
    topup_sending.carry_out(topup_id=topup.pk, now=topup.requested_at)
    assert simulator.control.received("Pay") == []


@pytest.mark.parametrize(
    "state",
    [TopUpState.SENDING, TopUpState.IN_DOUBT, TopUpState.REVIEW, TopUpState.CONFIRMED],
)
def test_nothing_is_settled_while_its_credit_is_done_or_may_still_be(clerk: User, state: TopUpState) -> None:
    payment = owed(state)
    for verdict in (credit_again, mark_refunded):
        with refused(SettlingRefused, SettlingReason.NOT_OWED):
            verdict(payment=payment, by=clerk, why="Because", now=timezone.now())
    assert settle_page(payment) not in addresses(logged_in(clerk).get(page_of(payment)))


def test_a_reason_is_wanted(clerk: User) -> None:
    with refused(SettlingRefused, SettlingReason.REASON_MISSING):
        mark_refunded(payment=owed(), by=clerk, why=" ", now=timezone.now())


def test_support_may_look_and_not_settle() -> None:
    payment, support = owed(), staff("support")
    assert logged_in(support).get(page_of(payment)).status_code == 200
    with pytest.raises(PermissionDenied):
        credit_again(payment=payment, by=support, why="Because", now=timezone.now())


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("pay_back", [0, 4])
def test_of_many_who_settle_at_once_one_credits_and_one_pays_back_at_most(pay_back: int) -> None:
    payment, people = owed(), [superuser() for _ in range(8)]

    def settle_it(number: int) -> bool:
        verdict = mark_refunded if number < pay_back else credit_again
        try:
            verdict(payment=payment, by=people[number], why="Because", now=timezone.now())
        except SettlingRefused:
            return False
        finally:
            connections.close_all()
        return True

    with ThreadPoolExecutor(8) as threads:
        settled = list(threads.map(settle_it, range(8)))
    payment.refresh_from_db()
    waiting = payment.topups.filter(state=TopUpState.REQUESTED).count()
    if pay_back:
        assert (sum(settled[:pay_back]), payment.state, waiting) == (1, CardPaymentState.REFUNDED, 0)
        assert sum(settled[pay_back:]) <= 1
    else:
        assert (sum(settled), payment.state, waiting) == (1, CardPaymentState.PAID, 1)
