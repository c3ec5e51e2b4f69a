"""The form to pay by card, sent again after the provider refused, failed or closed its page, with Stripe's real SDK."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from accounts.models import Account, Switch, User
from billing.card_payments.models import CardPayment, CardPaymentState
from billing.card_payments.providers.base import PageClosed, ProviderRefused, ProviderUnreachable
from billing.card_payments.queries import Status, status_of
from billing.card_payments.services import payments, unreported
from billing.topups.models import TopUpState
from billing.topups.services.errors import KeyReused, LimitExceeded
from tests.card_payments.support import AMOUNT, begin, report, states
from tests.support.pages import context, read
from tests.support.stripe_server import StripeServer, event
from tests.support.visitors import Visitor

pytestmark = pytest.mark.django_db

FORM = {"amount": "0.10", "key": "key-of-the-form"}


def minutes(count: int) -> timedelta:
    return timedelta(minutes=count)


def open_pages(stripe: StripeServer) -> int:
    return sum(session["status"] == "open" for session in stripe.sessions.values())


@pytest.fixture
def allowed(switch: Switch) -> None:
    Switch.objects.update(online_payments=True)


@pytest.mark.parametrize("key", [FORM["key"], None])
def test_a_corrected_amount_goes_through_at_once(
    zoe: Visitor, stripe: StripeServer, allowed: None, key: str | None
) -> None:
    stripe.failures, stripe.error_code = [400], "amount_too_small"
    refused = zoe.client.post(zoe.page("topup/online/"), FORM)
    form = context(refused)["form"]
    assert form.non_field_errors()
    answer = zoe.client.post(zoe.page("topup/online/"), {"amount": "25.50", "key": key or form["key"].value()})
    assert answer.status_code == 302
    assert answer["Location"] == stripe.session["url"]
    assert [form["client_reference_id"] for form in stripe.created] == [CardPayment.objects.latest("pk").reference]
    assert sorted(CardPayment.objects.values_list("state", flat=True)) == ["abandoned", "started"]


def test_what_the_provider_refused_counts_for_no_limit(stripe: StripeServer, account: Account, by: User) -> None:
    account.switch.daily_limit_per_account = AMOUNT
    account.switch.save()
    stripe.failures, stripe.error_code = [400], "amount_too_large"
    with pytest.raises(ProviderRefused):
        begin(account, by)
    assert begin(account, by, amount=AMOUNT - 1).amount == AMOUNT - 1


def test_a_used_form_with_an_open_page_keeps_its_amount(payment: CardPayment, account: Account, by: User) -> None:
    with pytest.raises(KeyReused):
        begin(account, by, amount=AMOUNT + 1)
    assert CardPayment.objects.count() == 1


def test_a_failure_that_the_provider_keeps_is_not_met_for_ever(
    stripe: StripeServer, account: Account, by: User
) -> None:
    stripe.failures = [500]
    with pytest.raises(ProviderUnreachable):
        begin(account, by)
    assert not stripe.sessions
    payment = begin(account, by)
    assert (payment.session, payment.attempt) == (stripe.session["id"], 2)
    assert CardPayment.objects.get(attempt=1).state == CardPaymentState.ABANDONED


def test_a_failure_after_the_provider_made_the_page_leads_to_that_page(
    stripe: StripeServer, account: Account, by: User
) -> None:
    stripe.failures_after = [500]
    with pytest.raises(ProviderUnreachable):
        begin(account, by)
    payment = begin(account, by)
    assert (payment.session, payment.attempt) == (stripe.session["id"], 1)
    assert len(stripe.sessions) == 1


def test_the_page_of_a_failure_is_found_among_those_of_others(stripe: StripeServer, account: Account, by: User) -> None:
    stripe.failures_after = [500]
    with pytest.raises(ProviderUnreachable):
        begin(account, by)
    ours = stripe.session["id"]
    others = {f"cs_{n}": {**stripe.session, "id": f"cs_{n}", "client_reference_id": None} for n in range(250)}
    stripe.sessions.update(others)
    assert begin(account, by).session == ours


def test_while_the_provider_cannot_say_whether_it_made_a_page_none_is_made(
    stripe: StripeServer, account: Account, by: User
) -> None:
    stripe.failures = [500, 503, 503]
    for _ in range(2):
        with pytest.raises(ProviderUnreachable):
            begin(account, by)
    assert CardPayment.objects.get().state == CardPaymentState.STARTED
    assert begin(account, by).attempt == 2


@pytest.mark.parametrize("is_made", [True, False])
def test_an_answer_that_was_lost_is_never_followed_by_a_second_page(
    stripe: StripeServer, account: Account, by: User, *, is_made: bool
) -> None:
    stripe.failures_after = [0]
    stripe.failures = [] if is_made else [0, 0]
    if is_made:
        assert begin(account, by).attempt == 1
    else:
        with pytest.raises(ProviderUnreachable):
            begin(account, by)
    assert begin(account, by).attempt == 1
    assert len(stripe.sessions) == 1


def test_the_same_key_with_other_content_leads_to_the_page_it_made(
    stripe: StripeServer, account: Account, by: User
) -> None:
    now = timezone.now()
    payment = payments.start(account=account, amount=AMOUNT, by=by, key="k1", now=now)
    stripe.failures_after = [503]
    for portal in ("https://old.example.com/", "https://new.example.com/"):
        try:
            session = payments.open_page(payment=payment, back=portal, now=now)
        except ProviderUnreachable:
            continue
    assert session.id == stripe.session["id"]
    assert len(stripe.sessions) == 1


@pytest.mark.parametrize("late", [26, 40, 90, 24 * 60])
def test_a_form_whose_page_was_never_opened_works_later(
    stripe: StripeServer, account: Account, by: User, late: int
) -> None:
    now = timezone.now()
    stripe.failures = [0, 0]
    with pytest.raises(ProviderUnreachable):
        begin(account, by, at=now - minutes(late))
    payment = begin(account, by, at=now)
    assert (payment.attempt, payment.started_at) == (2, now)
    assert payment.session == stripe.session["id"]


def test_a_form_whose_page_is_open_leads_to_it_after_40_minutes(
    payment: CardPayment, stripe: StripeServer, account: Account, by: User
) -> None:
    assert begin(account, by, at=payment.started_at + minutes(40)) == payment
    assert len(stripe.sessions) == 1


@pytest.mark.parametrize("late", [56, 61, 600])
def test_a_page_whose_time_is_over_is_surely_closed_before_another_one_is_opened(
    payment: CardPayment, stripe: StripeServer, account: Account, by: User, late: int
) -> None:
    second = begin(account, by, at=payment.started_at + minutes(late))
    assert second.attempt == 2
    assert stripe.sessions[payment.session]["status"] == "expired"
    assert open_pages(stripe) == 1
    assert states(payment) == (CardPaymentState.ABANDONED, [])


def test_a_page_that_a_report_said_is_expired_is_followed_by_another(
    payment: CardPayment, stripe: StripeServer, account: Account, by: User
) -> None:
    stripe.session.update({"status": "expired", "url": None})
    report(event(stripe.session, "checkout.session.expired"))
    assert states(payment) == (CardPaymentState.ABANDONED, [])
    assert begin(account, by, at=payment.started_at + minutes(70)).attempt == 2


def test_a_page_that_was_paid_at_the_last_moment_is_not_followed(
    payment: CardPayment, stripe: StripeServer, account: Account, by: User
) -> None:
    stripe.pay()
    late = payment.started_at + minutes(70)
    assert payments.start(account=account, amount=AMOUNT, by=by, key="k1", now=late) == payment
    assert states(payment) == (CardPaymentState.PAID, [TopUpState.REQUESTED])
    assert len(stripe.sessions) == 1


def test_a_bank_debit_under_way_is_neither_closed_nor_followed(
    payment: CardPayment, stripe: StripeServer, account: Account, by: User
) -> None:
    report(event(stripe.submit()))
    late = payment.started_at + timedelta(days=2)
    assert payments.start(account=account, amount=AMOUNT, by=by, key="k1", now=late) == payment
    assert states(payment) == (CardPaymentState.STARTED, [])
    with pytest.raises(PageClosed):
        payments.open_page(payment=payment, back="https://portal.example.com/", now=late)
    assert states(payment) == (CardPaymentState.STARTED, [])


@pytest.mark.parametrize("heard_by", ["report", "return"])
def test_a_bank_debit_is_on_its_way_until_the_bank_says(
    zoe: Visitor, stripe: StripeServer, allowed: None, heard_by: str
) -> None:
    payment = begin(zoe.account, zoe.user)
    page = zoe.page(f"online/{payment.reference}/")
    assert context(zoe.client.get(page))["status"] == Status.WAITING
    CardPayment.objects.update(looked_at=None)
    session = stripe.submit()
    if heard_by == "report":
        report(event(session))
    shown = zoe.client.get(page)
    assert context(shown)["status"] == Status.UNDER_WAY
    assert str(Status.UNDER_WAY.label) in read(shown).words
    assert not any(button.name == "Go on to payment" for button in read(shown).buttons)
    report(event({**session, "payment_status": "paid"}, "checkout.session.async_payment_succeeded"))
    assert context(zoe.client.get(page))["status"] == Status.ON_ITS_WAY


@pytest.mark.parametrize("finish", ["submit", "pay"])
def test_a_form_whose_page_was_finished_meanwhile_leads_to_its_payment(
    zoe: Visitor, stripe: StripeServer, allowed: None, finish: str
) -> None:
    form = {"amount": "25.50", "key": FORM["key"]}
    zoe.client.post(zoe.page("topup/online/"), form)
    getattr(stripe, finish)()
    payment = CardPayment.objects.get()
    answer = zoe.client.post(zoe.page("topup/online/"), form)
    assert answer["Location"] == zoe.page(f"online/{payment.reference}/")
    status = context(zoe.client.get(answer["Location"]))["status"]
    assert status == (Status.UNDER_WAY if finish == "submit" else Status.ON_ITS_WAY)


@pytest.mark.parametrize("is_in_order", [True, False])
def test_a_bank_debit_that_failed_is_not_paid(payment: CardPayment, stripe: StripeServer, *, is_in_order: bool) -> None:
    session = stripe.submit()
    bodies = [event(session), event(session, "checkout.session.async_payment_failed")]
    for body in bodies if is_in_order else bodies[::-1]:
        report(body)
    assert states(payment) == (CardPaymentState.ABANDONED, [])
    assert status_of(payment, None) == Status.ABANDONED


def test_a_bank_debit_under_way_counts_for_the_limit_of_the_day(
    payment: CardPayment, stripe: StripeServer, account: Account, by: User
) -> None:
    account.switch.daily_limit_per_account = 2 * AMOUNT - 1
    account.switch.save()
    report(event(stripe.submit()))
    later: datetime = payment.started_at + timedelta(hours=3)
    with pytest.raises(LimitExceeded):
        payments.start(account=account, amount=AMOUNT, by=by, key="k2", now=later)


def test_the_sweep_settles_a_bank_debit_of_which_no_report_came(payment: CardPayment, stripe: StripeServer) -> None:
    report(event(stripe.submit()))
    stripe.intents[stripe.session["payment_intent"]]["status"] = "requires_payment_method"
    unreported.sweep(now=payment.started_at + timedelta(days=3))
    assert states(payment) == (CardPaymentState.ABANDONED, [])


def test_a_page_that_no_person_was_led_to_is_closed(stripe: StripeServer, account: Account, by: User) -> None:
    now = timezone.now()
    payment = payments.start(account=account, amount=Decimal(5), by=by, key="k1", now=now)
    CardPayment.objects.update(state=CardPaymentState.ABANDONED)
    with pytest.raises(PageClosed):
        payments.open_page(payment=payment, back="https://portal.example.com/", now=now)
    assert open_pages(stripe) == 0


@pytest.mark.django_db(transaction=True)
def test_many_clicks_after_a_failure_open_one_page(stripe: StripeServer, account: Account, by: User) -> None:
    stripe.failures = [500]
    with pytest.raises(ProviderUnreachable):
        begin(account, by)

    def click(_: int) -> Any:
        try:
            return begin(account, by).pk
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as threads:
        assert len(set(threads.map(click, range(8)))) == 1
    assert len(stripe.sessions) == 1
