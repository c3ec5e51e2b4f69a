"""A payment by card, with the real SDK of Stripe against a server of ours, and the simulator as the switch."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, connection, connections, transaction
from django.test import Client
from django.utils import timezone

from accounts.models import Account, Switch, User
from billing.balances.services import profiles
from billing.card_payments import providers as card_payments
from billing.card_payments.models import CardPayment, CardPaymentReason, CardPaymentState, ProviderReason
from billing.card_payments.providers.base import ProviderRefused, ProviderUnreachable
from billing.card_payments.queries import Status, credit_of, not_credited, status_of
from billing.card_payments.services import payments as card_payment_payments
from billing.card_payments.services import unreported as unreported_card_payments
from billing.lib.reasons import Because
from billing.topups.models import RequestReason, Source, TopUpState
from billing.topups.services import errors as topup_errors
from billing.topups.services import sending as topup_sending
from simulator.process import SimulatorProcess
from tests.card_payments.support import AMOUNT, WEBHOOK, begin, carry_out, report, states
from tests.support.refusals import refused
from tests.support.stripe_server import StripeServer, event, signed

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


def test_the_provider_is_told_the_exact_amount_and_our_reference(payment: CardPayment, stripe: StripeServer) -> None:
    [form] = stripe.created
    assert form["line_items[0][price_data][unit_amount]"] == "2550"
    assert form["line_items[0][price_data][currency]"] == "usd"
    assert form["client_reference_id"] == form["metadata[reference]"] == payment.reference
    assert (payment.state, payment.session) == (CardPaymentState.STARTED, stripe.session["id"])


def test_the_same_form_leads_to_the_same_page_of_the_provider(
    payment: CardPayment, stripe: StripeServer, account: Account, by: User
) -> None:
    assert begin(account, by) == payment
    assert len(stripe.sessions) == 1


@pytest.mark.parametrize("changes", [{"amount": Decimal("26")}, {"account": None}])
def test_a_used_form_with_another_wish_is_refused(
    payment: CardPayment, switch: Switch, by: User, account: Account, changes: dict[str, Any]
) -> None:
    if "account" in changes:
        changes = {"account": profiles.ensure(switch=switch, number="A-20417", now=timezone.now())}
    with pytest.raises(topup_errors.KeyReused):
        card_payment_payments.start(
            **{"account": account, "amount": AMOUNT, "by": by, "key": "k1", "now": timezone.now(), **changes}
        )


@pytest.mark.parametrize("amount", ["0", "-5", "0.001", "10000.01", "NaN"])
def test_an_amount_that_cannot_be_paid_is_refused_before_the_provider_is_asked(
    stripe: StripeServer, account: Account, by: User, amount: str
) -> None:
    with pytest.raises(topup_errors.TopUpRefused):
        begin(account, by, amount=Decimal(amount))
    assert not stripe.created
    assert not CardPayment.objects.exists()


def test_a_signed_report_credits_once(payment: CardPayment, stripe: StripeServer, simulator: SimulatorProcess) -> None:
    before = simulator.control.account("C-301").money
    body = event(stripe.pay())
    assert [report(body) for _ in range(3)] == [200, 200, 200]
    topup = carry_out(payment)
    assert (topup.source, topup.amount, topup.requested_by) == (Source.ONLINE, AMOUNT, payment.paid_by)
    assert report(body) == 200
    assert states(payment) == (CardPaymentState.PAID, [TopUpState.CONFIRMED])
    assert simulator.control.account("C-301").money == before + AMOUNT
    assert len(simulator.control.received("Pay")) == 1


def test_the_return_page_asks_the_provider_when_no_report_came(payment: CardPayment, stripe: StripeServer) -> None:
    stripe.pay()
    card_payment_payments.look(payment=payment, now=timezone.now())
    assert states(payment) == (CardPaymentState.PAID, [TopUpState.REQUESTED])
    assert stripe.looks == [payment.session]


def test_the_provider_is_not_asked_at_every_look(payment: CardPayment, stripe: StripeServer) -> None:
    now = timezone.now()
    for _ in range(5):
        card_payment_payments.look(payment=payment, now=now)
    assert len(stripe.looks) == 1
    card_payment_payments.look(payment=payment, now=now + timedelta(seconds=6))
    assert len(stripe.looks) == 2


def test_a_lost_report_and_a_closed_tab_lose_nothing(payment: CardPayment, stripe: StripeServer) -> None:
    stripe.pay()
    soon, later = (payment.started_at + timedelta(seconds=seconds) for seconds in (60, 121))
    assert unreported_card_payments.sweep(now=soon).asked == 0
    assert unreported_card_payments.sweep(now=later).asked == 1
    assert states(payment) == (CardPaymentState.PAID, [TopUpState.REQUESTED])


def test_a_sweep_asks_ever_more_rarely_and_survives_a_provider_that_is_down(
    payment: CardPayment, stripe: StripeServer
) -> None:
    stripe.failures = [500] * 99
    asked = [
        minute
        for minute in range(180)
        if unreported_card_payments.sweep(now=payment.started_at + minute * MINUTE).asked
    ]
    assert asked == [2, 6, 14, 30, 62, 122]


def test_a_death_between_paid_and_credited_is_mended_by_a_sweep(payment: CardPayment) -> None:
    now = timezone.now()
    CardPayment.objects.filter(pk=payment.pk).update(state=CardPaymentState.PAID, paid_at=now)
    assert unreported_card_payments.sweep(now=now).credited == 0
    assert unreported_card_payments.sweep(now=now + MINUTE).credited == 1
    assert states(payment) == (CardPaymentState.PAID, [TopUpState.REQUESTED])


@pytest.mark.parametrize(
    ("change", "signature"),
    [
        ({}, "t=1,v1=00"),
        ({}, ""),
        ({}, "é"),
        ({}, lambda body: signed(body, secret="whsec_of_another")),
        ({}, lambda body: signed(body, at=int(timezone.now().timestamp()) - 301)),
        ({"amount_total": 1}, lambda body: signed(body.replace('"amount_total": 1,', '"amount_total": 2550,'))),
    ],
)
def test_a_report_that_is_forged_or_late_changes_nothing(
    payment: CardPayment,
    stripe: StripeServer,
    change: dict[str, Any],
    signature: str | Callable[[str], str],
) -> None:
    body = event(stripe.pay(**change))
    assert report(body, signature if isinstance(signature, str) else signature(body)) == 400
    assert states(payment) == (CardPaymentState.STARTED, [])


def test_a_report_that_is_too_long_is_not_even_read(payment: CardPayment, stripe: StripeServer) -> None:
    body = event(stripe.pay(metadata={"long": "x" * 70_000}))
    assert report(body) == 413
    assert states(payment) == (CardPaymentState.STARTED, [])


@pytest.mark.parametrize("change", [{"amount_total": 2549}, {"currency": "eur"}, {"id": "cs_test_of_another"}])
def test_what_is_paid_otherwise_than_asked_for_is_owed_and_not_credited(
    payment: CardPayment, stripe: StripeServer, account: Account, change: dict[str, Any]
) -> None:
    assert report(event(stripe.pay(**change))) == 200
    assert states(payment) == (CardPaymentState.DIFFERS, [])
    assert not_credited(account, most=5) == [payment]
    assert status_of(payment, None) == Status.OWED


def test_reports_in_any_order_come_to_the_same(payment: CardPayment, stripe: StripeServer) -> None:
    unpaid = event(stripe.session)
    paid = event(stripe.pay(), "checkout.session.async_payment_succeeded")
    assert [report(body) for body in (paid, unpaid, event({**stripe.session, "payment_status": "unpaid"}))] == [200] * 3
    assert states(payment) == (CardPaymentState.PAID, [TopUpState.REQUESTED])


def test_a_payment_that_takes_days_is_waited_for(payment: CardPayment, stripe: StripeServer) -> None:
    stripe.session["status"] = "complete"
    report(event(stripe.session))
    assert states(payment) == (CardPaymentState.STARTED, [])
    days = payment.started_at + timedelta(days=3)
    stripe.pay()
    unreported_card_payments.sweep(now=days)
    assert states(payment) == (CardPaymentState.PAID, [TopUpState.REQUESTED])


@pytest.mark.parametrize(
    ("session", "kind"),
    [
        ({"status": "expired"}, "checkout.session.expired"),
        ({"status": "complete"}, "checkout.session.async_payment_failed"),
    ],
)
def test_a_payment_that_cannot_come_any_more_is_over(
    payment: CardPayment, stripe: StripeServer, session: dict[str, str], kind: str
) -> None:
    assert report(event({**stripe.session, **session}, kind)) == 200
    assert states(payment) == (CardPaymentState.ABANDONED, [])


@pytest.mark.parametrize(
    "session", [{"status": "expired"}, {"status": "complete", "payment_intent": {"status": "requires_payment_method"}}]
)
def test_a_sweep_finds_that_a_payment_cannot_come_any_more(
    payment: CardPayment, stripe: StripeServer, session: dict[str, Any]
) -> None:
    stripe.session.update(session)
    unreported_card_payments.sweep(now=payment.started_at + timedelta(hours=2))
    assert states(payment) == (CardPaymentState.ABANDONED, [])


def test_money_that_comes_after_all_is_not_dropped(payment: CardPayment, stripe: StripeServer) -> None:
    report(event({**stripe.session, "status": "expired"}, "checkout.session.expired"))
    report(event(stripe.pay()))
    assert states(payment) == (CardPaymentState.PAID, [TopUpState.REQUESTED])


def test_reports_about_something_else_are_answered_and_left(payment: CardPayment, stripe: StripeServer) -> None:
    stranger = {**stripe.session, "payment_status": "paid", "client_reference_id": None}
    assert report(event(stranger)) == 200
    assert report(event({"id": "ch_1"}, "charge.succeeded")) == 200
    assert states(payment) == (CardPaymentState.STARTED, [])


@pytest.mark.parametrize("limit", ["daily_limit_per_user", "daily_limit_per_account"])
def test_payments_that_are_open_side_by_side_keep_to_the_limit_of_the_day(
    stripe: StripeServer, account: Account, by: User, limit: str
) -> None:
    setattr(account.switch, limit, 2 * AMOUNT - 1)
    account.switch.save()
    first = begin(account, by)
    with refused(topup_errors.LimitExceeded, CardPaymentReason.LIMIT_WITH_OPEN, minutes=60):
        begin(account, by, key="k2")
    assert begin(account, by) == first
    CardPayment.objects.filter(pk=first.pk).update(state=CardPaymentState.ABANDONED)
    assert begin(account, by, key="k2").state == CardPaymentState.STARTED


def test_a_payment_that_was_never_paid_counts_no_longer_than_its_page_is_open(
    stripe: StripeServer, account: Account, by: User
) -> None:
    account.switch.daily_limit_per_account = AMOUNT
    account.switch.save()
    now = timezone.now()
    card_payment_payments.start(account=account, amount=AMOUNT, by=by, key="k1", now=now)
    with pytest.raises(topup_errors.LimitExceeded):
        card_payment_payments.start(account=account, amount=AMOUNT, by=by, key="k2", now=now + 59 * MINUTE)
    assert card_payment_payments.start(account=account, amount=AMOUNT, by=by, key="k2", now=now + 61 * MINUTE)


def test_a_page_that_was_never_opened_is_given_up(stripe: StripeServer, account: Account, by: User) -> None:
    stripe.failures = [0, 0]
    now = timezone.now()
    payment = card_payment_payments.start(account=account, amount=AMOUNT, by=by, key="k1", now=now)
    with pytest.raises(ProviderUnreachable) as caught:
        card_payment_payments.open_page(payment=payment, back="https://portal.example.com/", now=now)
    assert caught.value.because == Because(ProviderReason.NO_ANSWER)
    assert unreported_card_payments.sweep(now=now + timedelta(minutes=119)).abandoned == 0
    assert unreported_card_payments.sweep(now=now + timedelta(minutes=121)).abandoned == 1


def test_an_answer_that_was_lost_is_asked_for_again_under_the_same_key(
    stripe: StripeServer, account: Account, by: User
) -> None:
    stripe.failures = [0]
    assert begin(account, by).session == stripe.session["id"]
    assert len(stripe.sessions) == 1


@pytest.mark.parametrize(
    ("code", "reason"),
    [("amount_too_small", ProviderReason.TOO_SMALL), ("api_key_expired", ProviderReason.REFUSED)],
)
def test_a_refusal_of_the_provider_is_said_in_our_words(
    stripe: StripeServer, account: Account, by: User, code: str, reason: ProviderReason
) -> None:
    stripe.failures, stripe.error_code = [400], code
    with pytest.raises(ProviderRefused) as caught:
        begin(account, by)
    assert caught.value.because == Because(reason)


@pytest.mark.django_db(transaction=True)
def test_reports_returns_and_sweeps_at_once_make_one_top_up_and_one_pay(
    payment: CardPayment, stripe: StripeServer, simulator: SimulatorProcess
) -> None:
    body, now = event(stripe.pay()), timezone.now()
    late = now + timedelta(minutes=5)
    steps: list[Callable[[], object]] = [
        lambda: report(body),
        lambda: card_payment_payments.look(payment=CardPayment.objects.get(pk=payment.pk), now=now),
        lambda: unreported_card_payments.sweep(now=late),
    ]

    def take(number: int) -> None:
        try:
            steps[number % 3]()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(12) as threads:
        list(threads.map(take, range(24)))
    carry_out(payment)
    assert states(payment) == (CardPaymentState.PAID, [TopUpState.CONFIRMED])
    assert len(simulator.control.received("Pay")) == 1


def test_a_credit_that_is_in_doubt_is_told_of_as_such(
    payment: CardPayment, stripe: StripeServer, account: Account, simulator: SimulatorProcess
) -> None:
    simulator.control.add_fault("Pay", "drop_after", count=1)
    report(event(stripe.pay()))
    topup = carry_out(payment)
    assert topup.state == TopUpState.IN_DOUBT
    assert CardPayment.objects.owed().get() == payment
    assert status_of(CardPayment.objects.get(), credit_of(payment)) == Status.CHECKING
    assert not_credited(account, most=5) == []  # it is there already as a top-up in doubt


def test_a_credit_that_the_switch_refuses_is_owed_and_not_tried_again_by_itself(
    payment: CardPayment, stripe: StripeServer, account: Account, simulator: SimulatorProcess
) -> None:
    simulator.control.add_fault("Pay", "listed_code", count=1)
    body = event(stripe.pay())
    report(body)
    assert carry_out(payment).state == TopUpState.REFUSED
    report(body)
    unreported_card_payments.sweep(now=timezone.now() + timedelta(days=1))
    assert states(payment) == (CardPaymentState.PAID, [TopUpState.REFUSED])
    assert not_credited(account, most=5) == [payment]


def test_a_credit_outlasts_a_switch_that_is_down(payment: CardPayment, stripe: StripeServer) -> None:
    report(event(stripe.pay()))
    topup = payment.topups.get()
    Switch.objects.update(url="http://127.0.0.1:9")
    later = topup.requested_at + topup.account.switch.sending_deadline + MINUTE
    assert topup_sending.send(topup_id=topup.pk, now=later).state == TopUpState.REQUESTED


def test_a_credit_that_may_not_even_be_asked_for_says_why_and_is_owed(
    payment: CardPayment, stripe: StripeServer, account: Account
) -> None:
    Account.objects.update(missing_since=timezone.now())
    assert report(event(stripe.pay())) == 200
    assert states(payment) == (CardPaymentState.PAID, [])
    assert payment.why == Because(RequestReason.ACCOUNT_GONE, {"account": account.number})
    assert not_credited(account, most=5) == [payment]
    assert unreported_card_payments.sweep(now=timezone.now() + MINUTE).credited == 0


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM card_payments_cardpayment",
        "UPDATE card_payments_cardpayment SET amount = 1",
        "UPDATE card_payments_cardpayment SET currency = 'EUR'",
        "UPDATE card_payments_cardpayment SET session = 'cs_other'",
        "UPDATE card_payments_cardpayment SET reference = 'OP-OTHER'",
        "UPDATE card_payments_cardpayment"
        " SET state = 'refunded', paid_at = now(), settled_at = now(), settled_why = 'x'",
        "UPDATE card_payments_cardpayment SET state = 'paid'",
    ],
)
def test_the_database_keeps_a_payment_as_it_is(payment: CardPayment, change: str) -> None:
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change)


def test_the_database_lets_one_credit_live_at_a_time(payment: CardPayment, stripe: StripeServer) -> None:
    report(event(stripe.pay()))
    payment.refresh_from_db()
    with pytest.raises(DatabaseError), transaction.atomic():
        card_payment_payments.credit(held=payment, by=payment.paid_by, now=timezone.now())
    assert payment.topups.count() == 1


def test_the_provider_that_is_configured_is_the_one_that_reports(stripe: StripeServer, settings: Any) -> None:
    assert Client().post("/payments/webhook/demo/").status_code == 404
    settings.PAYMENT_PROVIDER = ""
    assert card_payments.current() is None
    assert Client().post(WEBHOOK).status_code == 404
