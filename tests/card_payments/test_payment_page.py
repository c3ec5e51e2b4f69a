"""Paying by card as its people see it, with the demo provider; `test_payments` has the real one."""

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
from billing.card_payments.models import CardPayment, CardPaymentState
from billing.card_payments.providers import demo
from billing.card_payments.providers.base import Progress
from billing.card_payments.queries import Status
from billing.card_payments.services import unreported as unreported_card_payments
from billing.topups.models import TopUp, TopUpState
from billing.topups.services import sending as topup_sending
from simulator.process import SimulatorProcess
from tests.support.factories import CardPaymentFactory, MembershipFactory, TopUpFactory
from tests.support.pages import addresses, context, read
from tests.support.visitors import Visitor

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer

FORM = {"amount": "25.50", "key": "key-of-the-form"}
WEBHOOK = "/payments/webhook/demo/"


@pytest.fixture(autouse=True)
def with_the_demo_provider(settings: Any, switch: Switch) -> None:
    settings.PAYMENT_PROVIDER = "demo"
    Switch.objects.update(online_payments=True)


def begin(zoe: Visitor, **changes: str) -> Answer:
    return zoe.client.post(zoe.page("topup/online/"), {**FORM, **changes})


def pay(zoe: Visitor, what: str = "pay") -> Answer:
    hosted = begin(zoe)["Location"]
    return zoe.client.post(hosted, {"what": what})


def page_of(zoe: Visitor, payment: CardPayment) -> Answer:
    return zoe.client.get(zoe.page(f"online/{payment.reference}/"))


def status_shown(zoe: Visitor, payment: CardPayment) -> Status:
    answer = page_of(zoe, payment)
    status: Status = context(answer)["status"]
    assert str(status.label) in read(answer).words
    return status


def test_an_owner_pays_and_reads_that_it_is_there(zoe: Visitor, simulator: SimulatorProcess) -> None:
    before = simulator.control.account("A-20417").money
    hosted = begin(zoe)["Location"]
    shown = read(zoe.client.get(hosted))
    assert "$25.50" in shown.words
    assert len(shown.notes) == 1
    back = zoe.client.post(hosted, {"what": "pay"})["Location"]
    payment = CardPayment.objects.get()
    assert back.endswith(zoe.page(f"online/{payment.reference}/"))
    assert status_shown(zoe, payment) == Status.ON_ITS_WAY
    topup_sending.carry_out(topup_id=TopUp.objects.get().pk, now=timezone.now())
    assert status_shown(zoe, payment) == Status.CREDITED
    assert b"hx-trigger" not in page_of(zoe, payment).content
    assert simulator.control.account("A-20417").money - before == Decimal("25.50")


def test_the_return_without_paying_says_so_and_leads_on_to_the_same_payment(zoe: Visitor) -> None:
    hosted = begin(zoe)["Location"]
    payment = CardPayment.objects.get()
    assert status_shown(zoe, payment) == Status.WAITING
    answer = page_of(zoe, payment)
    assert len(read(answer).notes) == 1
    assert b'hx-trigger="every 3s"' in answer.content
    assert f'value="{payment.key}"'.encode() in answer.content
    assert begin(zoe)["Location"] == hosted


def test_a_declined_card_says_that_nothing_was_paid(zoe: Visitor) -> None:
    pay(zoe, "fail")
    payment = CardPayment.objects.get()
    assert status_shown(zoe, payment) == Status.ABANDONED
    assert len(read(page_of(zoe, payment)).notes) == 1
    assert not TopUp.objects.exists()
    assert begin(zoe)["Location"] == zoe.page(f"online/{payment.reference}/")


def test_paying_twice_on_the_same_page_credits_once(zoe: Visitor) -> None:
    pay(zoe)
    pay(zoe)
    assert (CardPayment.objects.count(), TopUp.objects.count()) == (1, 1)


def test_the_demo_reports_by_the_same_door_and_signs(zoe: Visitor) -> None:
    session = begin(zoe)["Location"].rstrip("/").rpartition("/")[2]
    body, signature = demo.finish(session=session, progress=Progress.PAID, now=timezone.now())
    old = demo.finish(session=session, progress=Progress.PAID, now=timezone.now() - timedelta(seconds=301))[1]
    changed = json.dumps({**json.loads(body), "amount": "99"}).encode()
    for wrong, sign in ((body, ""), (body, "t=x,v1=é"), (body, old), (changed, signature)):
        assert send(wrong, sign).status_code == 400
    assert CardPayment.objects.get().state == CardPaymentState.STARTED
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
    assert not CardPayment.objects.exists()


def test_a_used_form_with_another_amount_is_refused_and_gets_a_new_key(zoe: Visitor) -> None:
    begin(zoe)
    answer = begin(zoe, amount="26")
    form = context(answer)["form"]
    (error,) = form.non_field_errors()
    assert read(answer).notes == [error]
    assert form["key"].value() != FORM["key"]


def test_neither_a_viewer_nor_the_agent_above_nor_staff_pay_by_card(zoe: Visitor, mara: Visitor, sam: Visitor) -> None:
    MembershipFactory.create(account=zoe.account)  # another owner stays
    Membership.objects.filter(user=zoe.user).update(role=Role.VIEWER)
    for who in (zoe, mara, sam):
        assert who.client.post(zoe.page("topup/online/"), FORM).status_code == 404
    assert not CardPayment.objects.exists()


def test_where_a_switch_does_not_allow_it_there_is_no_such_page(zoe: Visitor, settings: Any) -> None:
    online = zoe.page("topup/online/")
    assert online in addresses(zoe.client.get(zoe.page("topup/voucher/")))
    for allowed, provider in ((False, "demo"), (True, "")):
        Switch.objects.update(online_payments=allowed)
        settings.PAYMENT_PROVIDER = provider
        assert begin(zoe).status_code == 404
        assert online not in addresses(zoe.client.get(zoe.page("topup/voucher/")))


def test_a_person_who_owns_the_agent_and_the_account_may_pay_either_way(zoe: Visitor, mara: Visitor) -> None:
    Membership.objects.create(user=mara.user, account=zoe.account)
    for place in ("topup/", "topup/online/"):
        ways = read(mara.client.get(zoe.page(place))).section("Ways to top up").links
        assert {zoe.page("topup/"), zoe.page("topup/online/")} <= {way.address for way in ways}
        assert any("Meridian Telecom" in way.name for way in ways)


def test_the_limit_of_the_day_is_asked_before_it_is_paid(zoe: Visitor) -> None:
    Switch.objects.update(daily_limit_per_account=Decimal(40))
    pay(zoe)
    answer = begin(zoe, key="another")
    assert [read(answer).fields["Amount"].error] == context(answer)["form"].errors["amount"]
    assert CardPayment.objects.count() == 1


def test_the_way_to_the_providers_pages_is_open_to_these_forms_alone(zoe: Visitor, settings: Any) -> None:
    settings.PAYMENT_PAGES = ["https://checkout.stripe.com"]
    here = zoe.client.get(zoe.page("topup/online/"))["Content-Security-Policy"]
    elsewhere = zoe.client.get(zoe.page())["Content-Security-Policy"]
    assert "form-action 'self' https://checkout.stripe.com" in here
    assert "stripe" not in elsewhere


def test_what_is_received_and_not_credited_is_told_with_do_not_pay_again(zoe: Visitor) -> None:
    paid = CardPaymentFactory.create(account=zoe.account, state="paid", paid_at=timezone.now())
    for place in ("", "topup/online/"):
        answer = zoe.client.get(zoe.page(place))
        (note,) = read(answer).notes
        assert "$25.00" in note
        assert zoe.page(f"online/{paid.reference}/") in addresses(answer)
    assert status_shown(zoe, paid) == Status.OWED
    assert len(read(page_of(zoe, paid)).notes) == 1


def test_a_credit_in_doubt_says_not_to_pay_again(zoe: Visitor) -> None:
    paid = CardPaymentFactory.create(account=zoe.account, state="paid", paid_at=timezone.now())
    TopUpFactory.create(
        account=zoe.account, source="online", online=paid, state=TopUpState.IN_DOUBT, sent_at=timezone.now()
    )
    assert status_shown(zoe, paid) == Status.CHECKING
    assert len(read(page_of(zoe, paid)).notes) == 1
    # It is shown there once, as a top-up in doubt.
    assert zoe.page(f"online/{paid.reference}/") not in addresses(zoe.client.get(zoe.page()))


def test_staff_look_and_do_not_ask_the_provider(zoe: Visitor, sam: Visitor) -> None:
    begin(zoe)
    payment = CardPayment.objects.get()
    assert sam.client.get(zoe.page(f"online/{payment.reference}/")).status_code == 200
    payment.refresh_from_db()
    assert payment.looked_at is None


def test_a_payment_of_another_account_is_not_there(zoe: Visitor) -> None:
    payment = CardPaymentFactory.create()
    assert zoe.client.get(zoe.page(f"online/{payment.reference}/")).status_code == 404


def test_a_page_of_the_demo_that_is_forgotten_or_too_old_is_over(zoe: Visitor, settings: Any) -> None:
    begin(zoe)
    [payment] = CardPayment.objects.all()
    assert demo.Demo().look(session=payment.session).progress == Progress.PENDING
    with time_machine.travel(payment.started_at + timedelta(minutes=61)):
        assert demo.Demo().look(session=payment.session).progress == Progress.OVER
    cache.clear()
    unreported_card_payments.sweep(now=payment.started_at + timedelta(hours=30))
    payment.refresh_from_db()
    assert payment.state == CardPaymentState.ABANDONED


@pytest.mark.parametrize("late", [56, 61])
def test_a_form_of_the_demo_works_again_when_its_page_is_over(zoe: Visitor, late: int) -> None:
    first = begin(zoe)["Location"]
    with time_machine.travel(timezone.now() + timedelta(minutes=late)):
        second = begin(zoe)["Location"]
        assert second not in {first, ""}
        zoe.client.post(first, {"what": "pay"})
        assert not TopUp.objects.exists()
        zoe.client.post(second, {"what": "pay"})
    assert TopUp.objects.count() == 1


def test_without_the_demo_provider_its_page_is_not_there(zoe: Visitor, settings: Any) -> None:
    hosted = begin(zoe)["Location"]
    settings.PAYMENT_PROVIDER = "stripe"
    assert zoe.client.post(hosted, {"what": "pay"}).status_code == 404
    assert not TopUp.objects.exists()


def test_besides_what_may_yet_arrive_a_payment_needs_a_tick(zoe: Visitor) -> None:
    coming = TopUpFactory.create(account=zoe.account, amount=Decimal("12.3"), state=TopUpState.SENDING)
    shown = read(zoe.client.get(zoe.page("topup/online/")))
    assert shown.link(coming.reference) == zoe.page(f"topups/{coming.reference}/")
    assert shown.fields["I want to add this besides it"].name == "again"
    refused = begin(zoe)
    tick = context(refused)["form"]["again"]
    assert read(refused).fields["I want to add $25.50 besides it"].error == " ".join(tick.errors)
    assert tick.field.widget.attrs["autofocus"] is True
    assert not CardPayment.objects.exists()
    assert begin(zoe, again="on").status_code == 302
    assert CardPayment.objects.count() == 1
