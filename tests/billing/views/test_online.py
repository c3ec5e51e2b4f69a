"""Paying by card as its people see it, with the demo provider; `tests/billing/test_online.py` has the real one."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from accounts.models import Membership, Role, Switch
from billing.models import OnlinePayment, OnlineState, TopUp, TopUpState
from billing.services import online_sweeping, topups
from billing.services.providers import Progress, demo
from simulator.process import SimulatorProcess
from tests.support.factories import MembershipFactory, OnlinePaymentFactory, TopUpFactory
from tests.support.visitors import Visitor

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer

WISH = {"amount": "25.50", "key": "key-of-the-form"}
WEBHOOK = "/payments/webhook/demo/"


@pytest.fixture(autouse=True)
def with_the_demo_provider(settings: Any, switch: Switch) -> None:
    settings.PAYMENT_PROVIDER = "demo"
    Switch.objects.update(online_payments=True)


def begin(zoe: Visitor, **changes: str) -> Answer:
    return zoe.client.post(zoe.page("topup/online/"), {**WISH, **changes})


def pay(zoe: Visitor, what: str = "pay") -> Answer:
    hosted = begin(zoe)["Location"]
    return zoe.client.post(hosted, {"what": what})


def page_of(zoe: Visitor, payment: OnlinePayment) -> str:
    return zoe.client.get(zoe.page(f"online/{payment.reference}/")).content.decode()


def test_an_owner_pays_and_reads_that_it_is_there(zoe: Visitor, simulator: SimulatorProcess) -> None:
    before = simulator.control.account("A-20417").money
    hosted = begin(zoe)["Location"]
    shown = zoe.client.get(hosted).content.decode()
    assert "$25.50" in shown
    assert "no money moves" in shown
    back = zoe.client.post(hosted, {"what": "pay"})["Location"]
    payment = OnlinePayment.objects.get()
    assert back.endswith(zoe.page(f"online/{payment.reference}/"))
    assert "paid, being credited" in page_of(zoe, payment)
    topups.carry_out(topup_id=TopUp.objects.get().pk, now=timezone.now())
    done = page_of(zoe, payment)
    assert "It is there." in done
    assert "hx-trigger" not in done
    assert simulator.control.account("A-20417").money - before == Decimal("25.50")


def test_the_return_without_paying_says_so_and_leads_on_to_the_same_payment(zoe: Visitor) -> None:
    hosted = begin(zoe)["Location"]
    payment = OnlinePayment.objects.get()
    html = page_of(zoe, payment)
    assert "We have not heard of a payment yet." in html
    assert 'hx-trigger="every 3s"' in html
    assert f'value="{payment.key}"' in html
    assert begin(zoe)["Location"] == hosted


def test_a_declined_card_says_that_nothing_was_paid(zoe: Visitor) -> None:
    pay(zoe, "fail")
    payment = OnlinePayment.objects.get()
    assert "Nothing was paid." in page_of(zoe, payment)
    assert not TopUp.objects.exists()
    assert begin(zoe)["Location"] == zoe.page(f"online/{payment.reference}/")


def test_paying_twice_on_the_same_page_credits_once(zoe: Visitor) -> None:
    pay(zoe)
    pay(zoe)
    assert (OnlinePayment.objects.count(), TopUp.objects.count()) == (1, 1)


def test_the_demo_reports_by_the_same_door_and_signs(zoe: Visitor) -> None:
    session = begin(zoe)["Location"].rstrip("/").rpartition("/")[2]
    body, signature = demo.finish(session=session, progress=Progress.PAID, now=timezone.now())
    old = demo.finish(session=session, progress=Progress.PAID, now=timezone.now() - timedelta(seconds=301))[1]
    changed = json.dumps({**json.loads(body), "amount": "99"}).encode()
    for wrong, sign in ((body, ""), (body, "t=x,v1=é"), (body, old), (changed, signature)):
        assert send(wrong, sign).status_code == 400
    assert OnlinePayment.objects.get().state == OnlineState.STARTED
    assert [send(body, signature).status_code for _ in range(2)] == [200, 200]
    assert TopUp.objects.count() == 1


def send(body: bytes, signature: str) -> Answer:
    return Client(enforce_csrf_checks=True).post(
        WEBHOOK, body, content_type="application/json", headers={"Stripe-Signature": signature}
    )


@pytest.mark.parametrize("amount", ["", "0", "-5", "25.505", "10000.01", "1e3"])
def test_an_amount_that_cannot_be_paid_is_refused_beside_its_field(zoe: Visitor, amount: str) -> None:
    answer = begin(zoe, amount=amount)
    assert answer.context["form"].errors["amount"]
    assert not OnlinePayment.objects.exists()


def test_a_used_form_with_another_amount_is_refused_and_gets_a_new_key(zoe: Visitor) -> None:
    begin(zoe)
    html = begin(zoe, amount="26").content.decode()
    assert "already used" in html
    assert WISH["key"] not in html


def test_neither_a_viewer_nor_the_agent_above_nor_staff_pay_by_card(zoe: Visitor, mara: Visitor, sam: Visitor) -> None:
    MembershipFactory.create(account=zoe.account)  # another owner stays
    Membership.objects.filter(user=zoe.user).update(role=Role.VIEWER)
    for who in (zoe, mara, sam):
        assert who.client.post(zoe.page("topup/online/"), WISH).status_code == 404
    assert not OnlinePayment.objects.exists()


def test_where_a_switch_does_not_allow_it_there_is_no_such_page(zoe: Visitor, settings: Any) -> None:
    assert "Pay by card" in zoe.client.get(zoe.page("topup/voucher/")).content.decode()
    for allowed, provider in ((False, "demo"), (True, "")):
        Switch.objects.update(online_payments=allowed)
        settings.PAYMENT_PROVIDER = provider
        assert begin(zoe).status_code == 404
        assert "Pay by card" not in zoe.client.get(zoe.page("topup/voucher/")).content.decode()


def test_whoever_owns_the_agent_and_the_account_may_pay_either_way(zoe: Visitor, mara: Visitor) -> None:
    Membership.objects.create(user=mara.user, account=zoe.account)
    for place in ("topup/", "topup/online/"):
        html = mara.client.get(zoe.page(place)).content.decode()
        assert zoe.page("topup/online/") in html
        assert "From Meridian Telecom" in html


def test_the_limit_of_the_day_is_asked_before_it_is_paid(zoe: Visitor) -> None:
    Switch.objects.update(daily_limit_per_account=Decimal(40))
    pay(zoe)
    answer = begin(zoe, key="another")
    assert "may still be topped up by today" in answer.content.decode()
    assert OnlinePayment.objects.count() == 1


def test_the_way_to_the_providers_pages_is_open_to_these_forms_alone(zoe: Visitor, settings: Any) -> None:
    settings.PAYMENT_PAGES = ["https://checkout.stripe.com"]
    here = zoe.client.get(zoe.page("topup/online/"))["Content-Security-Policy"]
    elsewhere = zoe.client.get(zoe.page())["Content-Security-Policy"]
    assert "form-action 'self' https://checkout.stripe.com" in here
    assert "stripe" not in elsewhere


def test_what_is_received_and_not_credited_is_told_with_do_not_pay_again(zoe: Visitor) -> None:
    paid = OnlinePaymentFactory.create(account=zoe.account, state="paid", paid_at=timezone.now())
    for place in ("", "topup/online/"):
        html = zoe.client.get(zoe.page(place)).content.decode()
        assert "of $25.00 has arrived and is not credited yet" in html
        assert zoe.page(f"online/{paid.reference}/") in html
    assert "will be credited or paid back" in page_of(zoe, paid)


def test_a_credit_in_doubt_says_not_to_pay_again(zoe: Visitor) -> None:
    paid = OnlinePaymentFactory.create(account=zoe.account, state="paid", paid_at=timezone.now())
    TopUpFactory.create(
        account=zoe.account, source="online", online=paid, state=TopUpState.IN_DOUBT, sent_at=timezone.now()
    )
    assert "Please do not pay again." in page_of(zoe, paid)
    assert "has arrived and is not credited" not in zoe.client.get(zoe.page()).content.decode()


def test_staff_look_and_do_not_ask_the_provider(zoe: Visitor, sam: Visitor) -> None:
    begin(zoe)
    payment = OnlinePayment.objects.get()
    assert sam.client.get(zoe.page(f"online/{payment.reference}/")).status_code == 200
    payment.refresh_from_db()
    assert payment.looked_at is None


def test_a_payment_of_another_account_is_not_there(zoe: Visitor) -> None:
    payment = OnlinePaymentFactory.create()
    assert zoe.client.get(zoe.page(f"online/{payment.reference}/")).status_code == 404


def test_a_page_of_the_demo_that_is_forgotten_or_too_old_is_over(zoe: Visitor, settings: Any) -> None:
    begin(zoe)
    [payment] = OnlinePayment.objects.all()
    assert demo.Demo().look(session=payment.session).progress == Progress.PENDING
    with time_machine.travel(payment.started_at + timedelta(minutes=61)):
        assert demo.Demo().look(session=payment.session).progress == Progress.OVER
    cache.clear()
    online_sweeping.sweep(now=payment.started_at + timedelta(hours=30))
    payment.refresh_from_db()
    assert payment.state == OnlineState.ABANDONED


def test_without_the_demo_provider_its_page_is_not_there(zoe: Visitor, settings: Any) -> None:
    hosted = begin(zoe)["Location"]
    settings.PAYMENT_PROVIDER = "stripe"
    assert zoe.client.post(hosted, {"what": "pay"}).status_code == 404
    assert not TopUp.objects.exists()
