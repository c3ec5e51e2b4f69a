from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from accounts.models import Account
from billing.balances.models import Case
from billing.topups.models import TopUp, TopUpState
from tests.support.factories import NOON, PaymentFactory, TopUpFactory
from tests.support.logins import logged_in
from tests.support.pages import addresses, context, read
from tests.support.staffsite import full_account, list_of, page_of, staff

pytestmark = pytest.mark.django_db


@pytest.fixture
def account(db: None) -> Account:
    return full_account()


def test_top_ups_are_found_by_reference_account_and_person(account: Account) -> None:
    topup = TopUp.objects.get()
    TopUpFactory.create()
    client = logged_in(staff("support"))
    for term in (topup.reference, topup.reference.lower(), "A-20417", topup.requested_by.email):
        found = client.get(list_of(TopUp), {"q": term}).context["cl"].result_list
        assert [row.pk for row in found] == [topup.pk], term


def test_a_top_up_shows_its_steps(account: Account) -> None:
    answer = logged_in(staff("support")).get(page_of(TopUp.objects.get()))
    steps = [step for step, _ in context(answer)["steps"]]
    path = [TopUpState.REQUESTED, TopUpState.SENDING, TopUpState.IN_DOUBT, TopUpState.REVIEW]
    assert [step.to_state for step in steps] == path
    table = read(answer).section("What became of it")
    assert [row["To"] for row in table.rows] == [str(state.label) for state in path]


def decide_page(topup: TopUp) -> str:
    return reverse("admin:topups_topup_decide", args=[topup.pk])


def test_the_offer_to_decide_is_made_to_whoever_may(account: Account) -> None:
    topup = TopUp.objects.get()
    assert decide_page(topup) in addresses(logged_in(staff("billing")).get(page_of(topup)))
    assert decide_page(topup) not in addresses(logged_in(staff("support")).get(page_of(topup)))


@pytest.mark.parametrize("group", ["support", "operator"])
def test_whoever_may_not_decide_is_told_no(account: Account, group: str) -> None:
    topup = TopUp.objects.get()
    client = logged_in(staff(group))
    assert client.get(decide_page(topup)).status_code == 403
    assert client.post(decide_page(topup), {"verdict": "not_applied", "why": "x"}).status_code == 403
    topup.refresh_from_db()
    assert topup.state == TopUpState.REVIEW


def test_a_top_up_that_the_switch_does_not_have_is_marked_not_applied(account: Account) -> None:
    topup, by = TopUp.objects.get(), staff("billing")
    reply = logged_in(by).post(decide_page(topup), {"verdict": "not_applied", "why": "Asked the operator."})
    assert reply["Location"] == page_of(topup)
    topup.refresh_from_db()
    last = topup.transitions.last()
    assert topup.state == TopUpState.NOT_APPLIED
    assert last is not None
    assert (last.by, str(last.why), last.to_state) == (by, "Asked the operator.", TopUpState.NOT_APPLIED)


def test_confirming_names_the_payment_where_there_is_one(account: Account) -> None:
    topup = TopUp.objects.get()
    payment = PaymentFactory.create(account=account, amount=topup.amount, paid_at=NOON + timedelta(minutes=1))
    client = logged_in(staff("billing"))
    refused = client.post(decide_page(topup), {"verdict": "confirmed", "why": "Seen on the switch."})
    assert refused.status_code == 200
    topup.refresh_from_db()
    assert topup.state == TopUpState.REVIEW
    client.post(decide_page(topup), {"verdict": "confirmed", "why": "Seen on the switch.", "payment": payment.pk})
    topup.refresh_from_db()
    assert (topup.state, topup.payment) == (TopUpState.CONFIRMED, payment)


def test_a_payment_of_somebody_else_cannot_be_named(account: Account) -> None:
    topup = TopUp.objects.get()
    foreign = PaymentFactory.create(amount=topup.amount, paid_at=NOON + timedelta(minutes=1))
    body = {"verdict": "confirmed", "why": "x", "payment": foreign.pk}
    assert logged_in(staff("billing")).post(decide_page(topup), body).status_code == 200
    topup.refresh_from_db()
    assert topup.state == TopUpState.REVIEW


@pytest.mark.parametrize(
    "body",
    [{}, {"verdict": "not_applied"}, {"verdict": "not_applied", "why": "  "}, {"verdict": "requested", "why": "x"}],
)
def test_a_decision_without_verdict_or_reason_is_none(account: Account, body: dict[str, str]) -> None:
    topup = TopUp.objects.get()
    assert logged_in(staff("billing")).post(decide_page(topup), body).status_code == 200
    topup.refresh_from_db()
    assert topup.state == TopUpState.REVIEW


def test_a_top_up_is_decided_once(account: Account) -> None:
    topup, client = TopUp.objects.get(), logged_in(staff("billing"))
    client.post(decide_page(topup), {"verdict": "not_applied", "why": "x"})
    reply = client.post(decide_page(topup), {"verdict": "confirmed", "why": "y"})
    assert reply["Location"] == page_of(topup)
    topup.refresh_from_db()
    assert topup.state == TopUpState.NOT_APPLIED


def test_of_a_case_the_note_alone_is_written_and_it_can_be_closed(account: Account) -> None:
    case, client = Case.objects.get(), logged_in(staff("billing"))
    client.post(page_of(case), {"note": "Asked the operator.", "difference": "0", "closed_at": "2026-01-01"})
    case.refresh_from_db()
    assert (case.note, case.difference, case.closed_at) == ("Asked the operator.", Decimal("-4.2"), None)
    client.post(list_of(Case), {"action": "close", "_selected_action": [case.pk]})
    case.refresh_from_db()
    assert case.closed_at is not None


def test_a_case_is_closed_with_what_was_found_out(account: Account) -> None:
    case, client = Case.objects.get(), logged_in(staff("billing"))
    chosen = {"action": "close", "_selected_action": [case.pk]}
    refused = client.post(list_of(Case), chosen, follow=True)
    assert [message.level_tag for message in context(refused)["messages"]] == ["error"]
    case.refresh_from_db()
    assert (case.note, case.closed_at) == ("", None)
    client.post(list_of(Case), {**chosen, "note": "Rated anew by the operator."})
    case.refresh_from_db()
    assert case.closed_at is not None
    assert case.note == "Rated anew by the operator."


def test_support_notes_what_it_found_out_and_closes_no_case(account: Account) -> None:
    case, client = Case.objects.get(), logged_in(staff("support"))
    assert client.post(page_of(case), {"note": "Asked the customer."}).status_code == 302
    client.post(list_of(Case), {"action": "close", "_selected_action": [case.pk]})
    case.refresh_from_db()
    assert (case.note, case.closed_at) == ("Asked the customer.", None)
