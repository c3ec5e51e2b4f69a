from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.utils import timezone

from accounts.models import User
from billing.balances.models import Case
from billing.calls.models import CountingRule, DayState
from billing.jobs.models import JobRun
from billing.switches.models import Observation
from billing.topups.models import Kind, Source, TopUp, TopUpState
from billing.topups.services.payment_matching import match_payments
from tests.support.factories import (
    NOON,
    AccountFactory,
    CallDayFactory,
    CardPaymentFactory,
    CardReversalFactory,
    PaymentFactory,
    SwitchFactory,
    TopUpFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


def staff(client: Client, group: str) -> User:
    user: User = UserFactory.create(is_staff=True)
    user.groups.add(Group.objects.get(name=group))
    client.force_login(user)
    return user


def test_a_visitor_who_is_not_logged_in_goes_to_the_portals_own_login_and_comes_back(client: Client) -> None:
    user = UserFactory.create(is_staff=True, password="correct horse battery")
    page = client.get("/staff/accounts/account/?q=x", follow=True)
    assert page.redirect_chain[-1][0].startswith("/account/login/?next=/staff/accounts/account/%3Fq%3Dx")
    login = client.post(page.redirect_chain[-1][0], {"login": user.email, "password": "correct horse battery"})
    assert login["Location"] == "/staff/accounts/account/?q=x"


@pytest.mark.parametrize("path", ["/staff/", "/staff/login/", "/staff/accounts/account/", "/staff/no/such/page/"])
def test_a_customer_is_told_no_and_sent_nowhere(client: Client, path: str) -> None:
    client.force_login(UserFactory.create())
    page = client.get(path, follow=True)
    assert page.status_code == 403
    assert len(page.redirect_chain) <= 1


def test_staff_who_are_switched_off_are_not_let_in(client: Client) -> None:
    user = staff(client, "support")
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert client.get("/staff/", follow=True).redirect_chain[-1][0].startswith("/account/login/")


def test_the_login_page_of_admin_sends_staff_to_the_front_page(client: Client) -> None:
    staff(client, "support")
    assert client.get("/staff/login/?next=/staff/accounts/account/")["Location"] == "/staff/"


@pytest.mark.parametrize("wanted", ["https://elsewhere.example/", "//elsewhere.example", "javascript:alert(1)"])
def test_the_way_back_never_leads_elsewhere(client: Client, wanted: str) -> None:
    user = UserFactory.create(is_staff=True, password="correct horse battery")
    login = client.get("/staff/login/", {"next": wanted})["Location"]
    assert login.startswith("/account/login/?next=/staff/login/")
    page = client.post(login, {"login": user.email, "password": "correct horse battery"}, follow=True)
    assert page.redirect_chain[-1][0] == "/staff/"


def test_logging_out_ends_the_session_and_only_by_post(client: Client) -> None:
    staff(client, "support")
    assert client.get("/staff/logout/").status_code == 302
    assert client.get("/staff/").status_code == 200
    assert client.post("/staff/logout/")["Location"] == "/account/login/"
    assert client.get("/staff/").status_code == 302


def test_a_password_is_changed_on_the_portals_page(client: Client) -> None:
    staff(client, "support")
    assert client.get("/staff/password_change/")["Location"] == "/account/password/change/"


def in_state(*states: TopUpState) -> TopUp:
    topup: TopUp = TopUpFactory.create()
    for state in states:
        TopUp.objects.filter(pk=topup.pk).update(state=state)
    return topup


def something_of_everything() -> None:
    for state, paid_at in (("started", None), ("paid", NOON)):
        paid = CardPaymentFactory.create(state=state, paid_at=paid_at)
    CardReversalFactory.create(payment=paid)
    in_state(TopUpState.SENDING, TopUpState.IN_DOUBT)
    in_state(TopUpState.SENDING, TopUpState.IN_DOUBT)
    in_state(TopUpState.SENDING, TopUpState.IN_DOUBT, TopUpState.REVIEW)
    CallDayFactory.create(state=DayState.DIFFERS)
    Case.objects.create(account=AccountFactory.create(), begins_at=NOON, ends_at=NOON, difference=1, opened_at=NOON)
    for is_off in (True, False):
        Observation.objects.create(switch=SwitchFactory.create(), is_off=is_off)


def waiting(client: Client) -> dict[str, tuple[int, str]]:
    return {line.label: (line.count, line.url) for line in client.get("/staff/").context["waiting"]}


def test_the_front_page_counts_what_needs_a_person_and_links_to_exactly_that(client: Client) -> None:
    something_of_everything()
    in_state(TopUpState.SENDING)
    CallDayFactory.create(state=DayState.FETCHED)
    Case.objects.create(
        account=AccountFactory.create(), begins_at=NOON, ends_at=NOON, difference=1, opened_at=NOON, closed_at=NOON
    )
    switch = SwitchFactory.create(counting_rule=False)
    CountingRule.objects.create(switch=switch, contradicted_at=NOON)
    CountingRule.objects.create(switch=SwitchFactory.create(counting_rule=False))
    staff(client, "support")
    found = waiting(client)
    assert [count for count, _ in found.values()] == [1, 2, 0, 0, 0, 0, 1, 1, 1, 1, 0, 1, 0, 1, 0]
    for count, url in found.values():
        assert client.get(url).context["cl"].result_count == count


def test_the_front_page_counts_the_give_backs_that_a_person_found_undone(client: Client) -> None:
    debit = TopUpFactory.create(kind=Kind.DEBIT, source=Source.TRANSFER, amount=-50)
    owed = TopUpFactory.create(kind=Kind.GIVE_BACK, source=Source.TRANSFER, amount=50, gives_back=debit)
    for state in (TopUpState.SENDING, TopUpState.IN_DOUBT, TopUpState.REVIEW):
        TopUp.objects.filter(pk=owed.pk).update(state=state)
    TopUp.objects.filter(pk=owed.pk).update(state=TopUpState.NOT_APPLIED, settled_at=NOON)
    staff(client, "support")
    count, url = waiting(client)["Give-backs that are owed to an agent"]
    assert count == 1
    assert [row.pk for row in client.get(url).context["cl"].result_list] == [owed.pk]


def test_the_front_page_counts_what_the_switch_lists_though_it_was_found_undone(client: Client) -> None:
    for state in (TopUpState.REFUSED, TopUpState.CONFIRMED, TopUpState.REFUSED):
        topup = TopUpFactory.create(state=state, settled_at=NOON)
        if state == TopUpState.CONFIRMED:
            PaymentFactory.create(account=topup.account, memo=topup.reference)
    PaymentFactory.create(account=topup.account, memo=topup.reference)
    staff(client, "support")
    count, url = waiting(client)["Not done as we know, yet listed by the switch"]
    assert count == 1
    assert [row.pk for row in client.get(url).context["cl"].result_list] == [topup.pk]


def test_the_front_page_counts_the_payments_that_no_top_up_tells_of(client: Client) -> None:
    account = AccountFactory.create()
    topup = TopUpFactory.create(account=account, state=TopUpState.CONFIRMED, settled_at=NOON)
    for memo in ("cash", topup.reference, topup.reference, "TU-0123456789"):
        PaymentFactory.create(account=account, amount=topup.amount, memo=memo)
    assert match_payments(account=account) == 1
    assert match_payments(account=account) == 0
    staff(client, "support")
    count, url = waiting(client)["Payments with a reference of ours that no top-up tells of"]
    assert count == 2
    assert {row.memo for row in client.get(url).context["cl"].result_list} == {topup.reference, "TU-0123456789"}


def test_the_front_page_counts_the_jobs_that_failed_in_the_last_hour(client: Client) -> None:
    staff(client, "support")
    now = timezone.now()
    for minutes, succeeded in ((10, False), (20, True), (30, None), (70, False)):
        JobRun.objects.create(
            job="balances",
            slot=now - timedelta(minutes=minutes),
            started_at=now - timedelta(minutes=minutes),
            succeeded=succeeded,
        )
    count, url = waiting(client)["Jobs that failed in the last hour"]
    assert count == 1
    assert client.get(url).context["cl"].result_count == 1


def test_the_front_page_counts_nothing_that_its_reader_may_not_see(client: Client) -> None:
    something_of_everything()
    user = UserFactory.create(is_staff=True)
    client.force_login(user)
    page = client.get("/staff/")
    assert page.status_code == 200
    assert page.context["waiting"] == []


def test_the_staff_site_keeps_to_the_strict_policy(client: Client) -> None:
    staff(client, "operator")
    page = client.get("/staff/")
    assert "script-src 'self'" in page["Content-Security-Policy"]
    assert b" style=" not in page.content
    assert b"<style" not in page.content
    assert page.content.count(b"<script") == page.content.count(b'<script src="')
