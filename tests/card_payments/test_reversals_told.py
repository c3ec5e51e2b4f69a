"""Refunds and disputes as people hear of them: mails, the staff's front page and the page of the payment."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone

from accounts.models import Account, AuditEntry, Notice
from billing.card_payments.admin import waiting
from billing.card_payments.models import (
    CardPayment,
    ReversalState,
    SettlingReason,
)
from billing.card_payments.queries import metrics
from billing.card_payments.services.decisions import SettlingRefused, mark_handled, mark_refunded
from tests.card_payments.support import begin, report
from tests.support.factories import MembershipFactory
from tests.support.logins import logged_in
from tests.support.pages import addresses, context, read
from tests.support.refusals import refused
from tests.support.staffsite import page_of, staff
from tests.support.stripe_server import StripeServer, event
from tests.support.visitors import Visitor

pytestmark = pytest.mark.django_db


def counted() -> int:
    """How many payments the staff's front page shows as refunded or disputed."""
    [_, shown] = waiting(now=timezone.now())
    return shown.count


def test_owners_and_the_staff_who_settle_payments_get_a_mail_at_each_turn(
    paid: CardPayment, stripe: StripeServer, account: Account
) -> None:
    owner, clerk, support = MembershipFactory.create(account=account).user, staff("billing"), staff("support")
    for _ in range(2):
        report(event(stripe.refund(1000), "refund.created"))
        stripe.refunds.clear()
    mails = Notice.objects.order_by("to")
    assert {mail.to for mail in mails} == {owner.email, clerk.email}
    assert support.email not in {mail.to for mail in mails}
    page = f"/a/{account.public_id}/online/{paid.reference}/"
    for mail in mails:
        assert "$10.00" in mail.subject
        assert paid.reference in mail.subject
        assert "$25.50" in mail.text
        assert (page in mail.text, page_of(paid) in mail.text) == (mail.to == owner.email, mail.to == clerk.email)
    report(event(stripe.dispute(), "charge.dispute.created"))
    report(event(stripe.dispute("won"), "charge.dispute.closed"))
    assert Notice.objects.filter(to=owner.email).count() == 3


def test_staff_see_it_on_the_front_page_until_a_person_has_handled_it(paid: CardPayment, stripe: StripeServer) -> None:
    clerk = staff("billing")
    assert counted() == 0
    report(event(stripe.refund(1000), "refund.created"))
    report(event(stripe.dispute(), "charge.dispute.created"))
    assert counted() == 1
    client = logged_in(clerk)
    address = reverse("admin:card_payments_cardpayment_reversals", args=[paid.pk])
    answer = client.get(page_of(paid))
    assert address in addresses(answer)
    words = read(answer).words
    assert all(word in words for word in ("$10.00", "fraudulent", "re_1_"))
    assert client.get(address).status_code == 200
    assert context(client.post(address, {"why": ""}))["form"].errors["why"]
    client.post(address, {"why": "Took it from the balance"})
    assert counted() == 0
    assert address not in addresses(client.get(page_of(paid)))
    assert AuditEntry.objects.latest("pk").subject_type == "card_payments.cardpayment"
    report(event(stripe.dispute("lost"), "charge.dispute.closed"))
    assert counted() == 1


def test_only_who_settles_payments_handles_it_and_with_a_reason(paid: CardPayment, stripe: StripeServer) -> None:
    report(event(stripe.refund(1000), "refund.created"))
    now, clerk = timezone.now(), staff("billing")
    with pytest.raises(PermissionDenied):
        mark_handled(payment=paid, by=staff("support"), why="x", now=now)
    with refused(SettlingRefused, SettlingReason.REASON_MISSING):
        mark_handled(payment=paid, by=clerk, why=" ", now=now)
    mark_handled(payment=paid, by=clerk, why="Done", now=now)
    with refused(SettlingRefused, SettlingReason.NOTHING_NEW):
        mark_handled(payment=paid, by=clerk, why="Done", now=now)


def test_what_staff_marked_as_paid_back_does_not_wait_for_them_again(
    payment: CardPayment, stripe: StripeServer
) -> None:
    session = stripe.pay()
    report(event(stripe.refund(2550), "refund.created"))
    report(event(session))
    mark_refunded(payment=payment, by=staff("billing"), why="Paid back at Stripe", now=timezone.now())
    assert counted() == 0


def test_the_list_of_staff_is_narrowed_to_those_that_wait(paid: CardPayment, stripe: StripeServer) -> None:
    report(event(stripe.refund(1000), "refund.created"))
    client = logged_in(staff("support"))
    for chosen, found in (("waiting", 1), ("any", 1)):
        answer = client.get("/staff/card_payments/cardpayment/", {"reversed": chosen})
        assert context(answer)["cl"].result_count == found


def test_metrics_count_what_no_person_has_looked_at(paid: CardPayment, stripe: StripeServer) -> None:
    report(event(stripe.refund(1000), "refund.created"))
    [_, reversed_ones] = metrics(now=timezone.now())
    assert reversed_ones.values == {"refund": 1, "dispute": 0}


def test_the_person_reads_of_it_on_the_payments_page(zoe: Visitor, stripe: StripeServer) -> None:
    payment = begin(zoe.account, zoe.user)
    report(event(stripe.pay()))
    report(event(stripe.refund(1000), "refund.created"))
    report(event(stripe.dispute(), "charge.dispute.created"))
    words = read(zoe.client.get(zoe.page(f"online/{payment.reference}/"))).words
    assert all(str(state.label) in words for state in (ReversalState.SUCCEEDED, ReversalState.OPENED))
    assert "$10.00" in words
