"""Staff credit an account: a form with a reason, a confirmation, one top-up."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from accounts.lib.money import money
from accounts.models import Account, AuditEntry, Switch, User
from billing.balances.services import profiles
from billing.topups.models import RequestReason, Source, TopUp, TopUpState
from billing.topups.services import sending as topup_sending
from simulator.process import SimulatorProcess
from tests.support.factories import NOON, MembershipFactory, TopUpFactory
from tests.support.logins import logged_in
from tests.support.pages import addresses, context, read
from tests.support.staffsite import page_of, staff

pytestmark = pytest.mark.django_db


@pytest.fixture
def account(switch: Switch, simulator: SimulatorProcess) -> Account:
    return profiles.ensure(switch=switch, number="C-301", now=NOON)


@pytest.fixture
def by(db: None) -> User:
    return staff("billing")


@pytest.fixture
def client(by: User) -> Client:
    return logged_in(by)


def form_of(account: Account) -> str:
    return reverse("admin:credit", args=[account.pk])


def confirm(account: Account) -> str:
    return reverse("admin:credit_confirm", args=[account.pk])


def body(**changes: str) -> dict[str, str]:
    return {"amount": "12.5", "note": "Refund of a wrong charge", "key": "k1", **changes}


def test_an_account_is_credited_after_a_confirmation(
    account: Account, client: Client, by: User, simulator: SimulatorProcess
) -> None:
    assert form_of(account) in addresses(client.get(page_of(account)))
    before = simulator.control.account("C-301").money
    shown = read(client.post(form_of(account), body())).words
    assert "Refund of a wrong charge" in shown
    assert money(before + Decimal("12.5"), account.switch.currency) in shown
    assert not TopUp.objects.exists()
    reply = client.post(confirm(account), body())
    topup = TopUp.objects.get()
    assert reply["Location"] == page_of(topup)
    topup_sending.carry_out(topup_id=topup.pk, now=topup.requested_at)
    assert simulator.control.account("C-301").money == before + Decimal("12.5")
    assert (topup.source, topup.requested_by, topup.note) == (Source.OPERATOR, by, "Refund of a wrong charge")
    assert AuditEntry.objects.get(action="requested").account == account


def test_the_form_sent_twice_credits_once(account: Account, client: Client) -> None:
    first, again = (client.post(confirm(account), body())["Location"] for _ in range(2))
    assert first == again
    assert TopUp.objects.count() == 1
    other = client.post(confirm(account), body(amount="13"))
    assert context(other)["form"].non_field_errors()
    assert context(other)["form"]["key"].value() != body()["key"]
    assert (TopUp.objects.count(), AuditEntry.objects.filter(action="requested").count()) == (1, 1)


@pytest.mark.parametrize(
    "change", [{"note": ""}, {"note": "  "}, {"amount": "0"}, {"amount": "-5"}, {"amount": "1e3"}, {"key": ""}]
)
def test_without_a_reason_or_a_fit_amount_nothing_is_written(
    account: Account, client: Client, change: dict[str, str]
) -> None:
    for address in (form_of(account), confirm(account)):
        assert client.post(address, body(**change)).context["form"].errors
    assert not TopUp.objects.exists()


def test_a_member_of_staff_does_not_credit_an_account_of_their_own(account: Account, client: Client, by: User) -> None:
    MembershipFactory.create(user=by, account=account)
    for address in (form_of(account), confirm(account)):
        [refused] = context(client.post(address, body()))["form"].non_field_errors()
        assert refused == RequestReason.OWN_ACCOUNT.label
    assert not TopUp.objects.exists()


def test_the_same_again_needs_a_tick(account: Account, client: Client) -> None:
    client.post(confirm(account), body())
    again = client.post(confirm(account), body(key="k2"), follow=True)
    assert context(again)["duplicate"] == TopUp.objects.get()
    assert page_of(TopUp.objects.get()) in addresses(again)
    assert TopUp.objects.count() == 1
    client.post(confirm(account), body(key="k2", again="on"))
    assert TopUp.objects.count() == 2


def test_a_large_credit_wants_a_fresh_login(account: Account, client: Client) -> None:
    Switch.objects.update(fresh_login_above=Decimal(10))
    for address in (form_of(account), confirm(account)):
        asked = client.post(address, body(), follow=True)
        assert "/account/reauthenticate/" in asked.redirect_chain[-1][0]
    assert not TopUp.objects.exists()
    assert client.post(form_of(account), body(amount="10")).context["amount"] == 10


@pytest.mark.parametrize("group", ["support", "operator"])
def test_staff_who_may_not_credit_are_told_no(account: Account, group: str) -> None:
    client = logged_in(staff(group))
    assert form_of(account) not in addresses(client.get(page_of(account)))
    assert client.get(form_of(account)).status_code == 403
    assert client.post(confirm(account), body()).status_code == 403
    assert not TopUp.objects.exists()


def test_besides_what_may_yet_arrive_a_credit_needs_a_tick(account: Account, client: Client) -> None:
    coming = TopUpFactory.create(account=account, amount=7, state=TopUpState.REVIEW)
    for answer in (client.get(form_of(account)), client.post(form_of(account), body())):
        assert [topup for topup, _ in context(answer)["unsettled"]] == [coming]
        assert page_of(coming) in addresses(answer)
        assert "may yet arrive" in read(answer).words
    refused = client.post(confirm(account), body())
    assert context(refused)["form"]["again"].errors
    assert b"autofocus" in refused.content
    assert TopUp.objects.get() == coming
    client.post(confirm(account), body(again="on"))
    assert TopUp.objects.count() == 2
