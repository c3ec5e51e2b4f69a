"""Refunds and disputes at Stripe are heard, in whatever order, and no money is taken back by itself."""

from __future__ import annotations

import itertools
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from accounts.models import Account, User
from billing.card_payments.models import (
    CardPayment,
    CardPaymentReason,
    CardPaymentState,
    CardReversal,
    ReversalKind,
    ReversalState,
    SettlingReason,
)
from billing.card_payments.queries import Status, credit_of, not_credited, status_of
from billing.card_payments.services import payments, unreported
from billing.card_payments.services.decisions import SettlingRefused, credit_again
from billing.lib.reasons import Because
from billing.topups.models import TopUpState
from simulator.process import SimulatorProcess
from tests.card_payments.support import AMOUNT, carry_out, report, states
from tests.support.refusals import refused
from tests.support.staffsite import staff
from tests.support.stripe_server import StripeServer, event, signed

pytestmark = pytest.mark.django_db


def kept(payment: CardPayment) -> list[tuple[str, Decimal, str]]:
    rows = payment.reversals.order_by("pk")
    return [(row.kind, row.amount.normalize(), row.state) for row in rows]


def refunded(payment: CardPayment) -> Decimal:
    return payment.reversals.all().refunded()


def test_a_refund_is_kept_once_and_the_money_stays_on_the_account(
    paid: CardPayment, stripe: StripeServer, simulator: SimulatorProcess
) -> None:
    before = simulator.control.account("C-301").money
    refund = stripe.refund(1000)
    bodies = [
        event(refund, "refund.created"),
        event(stripe.charge(), "charge.refunded"),
        event(refund, "charge.refund.updated"),
    ]
    assert [report(body) for body in bodies * 2] == [200] * 6
    assert kept(paid) == [("refund", Decimal(10), "succeeded")]
    assert states(paid) == (CardPaymentState.PAID, [TopUpState.CONFIRMED])
    assert simulator.control.account("C-301").money == before
    assert len(simulator.control.received("Pay")) == 1


def test_partial_refunds_add_up_by_their_names(paid: CardPayment, stripe: StripeServer) -> None:
    for amount in (1000, 550):
        report(event(stripe.refund(amount), "refund.created"))
        report(event(stripe.charge(), "charge.refunded"))
    assert refunded(paid) == Decimal("15.50")
    report(event(stripe.refund(1000), "refund.created"))
    assert refunded(paid) == AMOUNT
    assert status_of(paid, credit_of(paid)) == Status.CREDITED


@pytest.mark.parametrize("listed", [2, 1, 0])
def test_a_charge_that_lists_its_refunds_is_believed_where_they_add_up(
    paid: CardPayment, stripe: StripeServer, listed: int
) -> None:
    rows = [stripe.refund(amount) for amount in (1000, 550)]
    stripe.asked.clear()
    report(event({**stripe.charge(), "refunds": {"object": "list", "data": rows[:listed]}}, "charge.refunded"))
    assert refunded(paid) == Decimal("15.50")
    assert bool(stripe.asked) is (listed < 2)


def test_a_refunded_charge_whose_refunds_cannot_be_asked_for_is_reported_again(
    paid: CardPayment, stripe: StripeServer
) -> None:
    stripe.refund(1000)
    body = event(stripe.charge(), "charge.refunded")
    stripe.failures = [500, 500]
    assert [report(body), report(body)] == [503, 200]
    assert refunded(paid) == 10


def test_a_refund_in_every_order_of_its_reports_comes_to_the_same(paid: CardPayment, stripe: StripeServer) -> None:
    bodies = [(state, f"refund.{kind}") for state, kind in (
        ("pending", "created"), ("succeeded", "updated"), ("failed", "failed")
    )]  # fmt: skip
    for order in itertools.permutations(bodies):
        refund = stripe.refund(1000)
        for state, kind in order:
            report(event({**refund, "status": state}, kind))
        stripe.refunds.clear()
        assert {row.state for row in paid.reversals.all()} == {ReversalState.FAILED}
    assert refunded(paid) == 0


@pytest.mark.parametrize(
    ("status", "state"),
    [("won", "won"), ("lost", "lost"), ("warning_closed", "withdrawn"), ("prevented", "withdrawn")],
)
@pytest.mark.parametrize("is_in_order", [True, False])
def test_a_dispute_is_heard_and_ends_as_the_bank_decides(
    paid: CardPayment, stripe: StripeServer, status: str, state: str, *, is_in_order: bool
) -> None:
    opened, closed = stripe.dispute(), stripe.dispute(status)
    bodies = [event(opened, "charge.dispute.created"), event(closed, "charge.dispute.closed")]
    for body in (bodies if is_in_order else bodies[::-1]) * 2:
        assert report(body) == 200
    assert kept(paid) == [("dispute", AMOUNT, state)]
    assert paid.reversals.get().grounds == "fraudulent"


def test_of_two_decisions_about_a_dispute_the_later_one_counts(paid: CardPayment, stripe: StripeServer) -> None:
    now = int(timezone.now().timestamp())
    won = event(stripe.dispute("won"), "charge.dispute.updated", at=now + 60)
    lost = event(stripe.dispute("lost"), "charge.dispute.closed", at=now)
    for bodies in ([lost, won], [won, lost]):
        for body in bodies:
            report(body)
        assert kept(paid) == [("dispute", AMOUNT, "won")]


def test_what_is_refunded_before_the_payment_is_reported_is_not_credited_by_itself(
    payment: CardPayment, stripe: StripeServer, account: Account
) -> None:
    session = stripe.pay()
    report(event(stripe.refund(2550), "refund.created"))
    report(event(stripe.charge(), "charge.refunded"))
    assert kept(payment) == [("refund", AMOUNT, "succeeded")]
    assert report(event(session)) == 200
    assert states(payment) == (CardPaymentState.PAID, [])
    assert payment.why == Because(CardPaymentReason.REVERSED)
    assert unreported.sweep(now=timezone.now() + timedelta(minutes=5)).credited == 0
    assert status_of(payment, None) == Status.REFUNDED
    assert not_credited(account, most=5) == []
    assert CardPayment.objects.owed().get() == payment  # a person settles it
    with refused(SettlingRefused, SettlingReason.REVERSED):
        credit_again(payment=payment, by=staff("billing"), why="Paid", now=timezone.now())


def test_a_credit_that_was_not_sent_yet_is_not_sent_after_a_refund(
    payment: CardPayment, stripe: StripeServer, simulator: SimulatorProcess
) -> None:
    report(event(stripe.pay()))
    report(event(stripe.refund(500), "refund.created"))
    assert states(payment) == (CardPaymentState.PAID, [TopUpState.REFUSED])
    carry_out(payment)
    assert simulator.control.received("Pay") == []


def test_after_a_dispute_is_won_staff_may_credit_what_was_not(payment: CardPayment, stripe: StripeServer) -> None:
    session = stripe.pay()
    report(event(stripe.dispute(), "charge.dispute.created"))
    report(event(session))
    clerk = staff("billing")
    with refused(SettlingRefused, SettlingReason.REVERSED):
        credit_again(payment=payment, by=clerk, why="Disputed", now=timezone.now())
    report(event(stripe.dispute("won"), "charge.dispute.closed"))
    topup = credit_again(payment=payment, by=clerk, why="Won", now=timezone.now())
    assert topup.state == TopUpState.REQUESTED


def test_an_unsigned_report_changes_nothing(paid: CardPayment, stripe: StripeServer) -> None:
    refund = event(stripe.refund(1000), "refund.created")
    assert report(refund, "") == report(refund, signed(refund, secret="whsec_other")) == 400
    assert kept(paid) == []


def test_what_is_about_another_softwares_payment_is_answered_and_left(paid: CardPayment, stripe: StripeServer) -> None:
    for intent in ("pi_unknown", None, "", {"id": 5}, ["pi"]):
        refund = {**stripe.refund(100), "payment_intent": intent}
        assert report(event(refund, "refund.created")) == 200
    stripe.intents["pi_other"] = {"id": "pi_other", "metadata": {}}
    assert report(event({**stripe.refund(100), "payment_intent": "pi_other"}, "refund.created")) == 200
    assert not CardReversal.objects.exists()


def test_while_the_provider_cannot_tell_whose_it_is_the_report_is_asked_for_again(
    payment: CardPayment, stripe: StripeServer
) -> None:
    stripe.pay()
    body = event(stripe.refund(1000), "refund.created")
    stripe.failures = [500, 500]
    assert report(body) == 503
    assert report(body) == 200
    assert kept(payment) == [("refund", Decimal(10), "succeeded")]


ODD: list[Any] = [
    None,
    [],
    "x",
    5,
    {},
    {"id": "re_1"},
    {"id": 5, "amount": 5},
    {"id": "re_1\0", "amount": 100, "currency": "usd", "payment_intent": "pi_1"},
    {"id": "re_1", "amount": "100", "currency": "usd", "payment_intent": "pi_1"},
    {"id": "re_1", "amount": True, "currency": "usd", "payment_intent": "pi_1"},
    {"id": "re_1", "amount": -5, "currency": "usd", "payment_intent": "pi_1"},
    {"id": "re_1", "amount": 10**30, "currency": "usd", "payment_intent": "pi_1"},
    {"id": "re_1", "amount": 100, "currency": "dollars", "payment_intent": "pi_1"},
    {"id": "re_1" * 99, "amount": 100, "currency": "usd", "payment_intent": "pi_1"},
    {"id": "cs_1", "payment_status": "paid", "status": "complete", "amount_total": "5", "currency": 5},
    {"id": "cs_1", "payment_status": ["paid"], "client_reference_id": {}, "amount_total": 5, "currency": "usd"},
    {"id": "ch_1", "amount_refunded": None, "refunds": {"data": [None]}},
    {"id": "ch_1", "amount_refunded": 5, "refunds": {"data": "x"}, "currency": "usd", "payment_intent": "pi_1"},
]


@pytest.mark.parametrize("about", ODD)
def test_a_signed_report_of_an_odd_shape_is_answered(payment: CardPayment, stripe: StripeServer, about: Any) -> None:
    kinds = (
        *("checkout.session.completed", "refund.created", "refund.updated", "charge.refunded"),
        *("charge.dispute.created", "checkout.session.expired"),
    )
    assert {report(event(about, kind)) for kind in kinds} == {200}
    assert states(payment) == (CardPaymentState.STARTED, [])


@pytest.mark.parametrize(
    "body",
    [
        "[]", "null", "5", "{}", '{"type": 5}', '{"type": "refund.created"}', "not JSON", "[" * 5000,
        '{"type": "charge.refunded", "data": []}', '{"type": "checkout.session.completed", "data": {}}',
        '{"type": "checkout.session.completed", "created": "x", "data": {"object": null}}',
        '{"type": "refund.created", "created": 1e999, "data": {"object": {"id": "re_1"}}}',
    ],
)  # fmt: skip
def test_a_signed_report_without_its_object_is_answered(stripe: StripeServer, body: str) -> None:
    assert report(body) == 200


def test_a_paid_report_with_another_payments_session_is_not_credited(
    stripe: StripeServer, account: Account, by: User, payment: CardPayment
) -> None:
    unopened = payments.start(account=account, amount=AMOUNT, by=by, key="k2", now=timezone.now())
    session = {**stripe.pay(), "client_reference_id": unopened.reference}
    assert report(event(session)) == 200
    assert states(unopened) == (CardPaymentState.DIFFERS, [])
    assert states(payment) == (CardPaymentState.STARTED, [])


def test_the_sweep_finds_refunds_and_disputes_of_which_no_report_came(paid: CardPayment, stripe: StripeServer) -> None:
    stripe.refund(1000)
    stripe.refund(500)
    stripe.dispute("lost", amount=1050)
    assert unreported.sweep(now=timezone.now()).asked_for_reversals == 0
    later = timezone.now() + timedelta(hours=2)
    assert unreported.sweep(now=later).asked_for_reversals == 1
    assert (refunded(paid), paid.reversals.get(kind=ReversalKind.DISPUTE).state) == (Decimal(15), "lost")
    assert unreported.sweep(now=later).asked_for_reversals == 0


def test_the_sweep_asks_ever_more_rarely_and_about_recent_payments_alone(
    paid: CardPayment, stripe: StripeServer
) -> None:
    assert paid.paid_at is not None
    asked = [
        hours
        for hours in range(200 * 24)
        if unreported.sweep(now=paid.paid_at + timedelta(hours=hours)).asked_for_reversals
    ]
    assert asked[:5] == [1, 3, 7, 15, 31]
    assert 170 < len(asked) < 190
    assert asked[-1] < 180 * 24


def test_a_sweep_that_fails_asks_again(paid: CardPayment, stripe: StripeServer) -> None:
    stripe.refund(1000)
    stripe.failures = [500, 500]
    unreported.sweep(now=timezone.now() + timedelta(hours=2))
    assert kept(paid) == []
    unreported.sweep(now=timezone.now() + timedelta(hours=9))
    assert refunded(paid) == 10


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM card_payments_cardreversal",
        "UPDATE card_payments_cardreversal SET state = 'won'",
        "UPDATE card_payments_cardreversal SET state = 'pending'",
        "UPDATE card_payments_cardreversal SET number = 're_other'",
        "UPDATE card_payments_cardreversal SET amount = -1",
        "UPDATE card_payments_cardreversal SET handled_at = now()",
        "UPDATE card_payments_cardpayment SET intent = 'pi_other'",
    ],
)
def test_the_database_keeps_it_as_it_is(paid: CardPayment, stripe: StripeServer, change: str) -> None:
    report(event(stripe.refund(1000), "refund.created"))
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change)
