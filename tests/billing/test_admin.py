from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from allauth.account.models import EmailAddress
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.core import mail
from django.core.management import call_command
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Account, Look, Membership, Role, Switch, User
from billing.models import (
    Call,
    CallDay,
    Case,
    Charge,
    JobRun,
    Payment,
    Reconciliation,
    Stream,
    SyncMark,
    TopUp,
    TopUpState,
    Transition,
)
from billing.services import partitions
from tests.factories import (
    NOON,
    AccountFactory,
    CallDayFactory,
    CallFactory,
    ChargeFactory,
    MembershipFactory,
    PaymentFactory,
    SwitchFactory,
    TopUpFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

ONLY_THE_PORTALS_TO_WRITE = (Call, CallDay, Payment, Charge, TopUp, SyncMark, Reconciliation, JobRun, Look)


@pytest.fixture
def account() -> Account:
    """An account with a row of everything that is kept of one."""
    account: Account = AccountFactory.create(number="A-20417")
    partitions.ensure([NOON.date()])
    CallFactory.create(account=account, callee="8613912345678")
    CallDayFactory.create(account=account)
    PaymentFactory.create(account=account)
    ChargeFactory.create(account=account)
    MembershipFactory.create(account=account)
    in_review(account)
    SyncMark.objects.create(account=account, stream=Stream.CHARGES, complete_from=NOON, complete_until=NOON)
    figures = dict.fromkeys(("opening", "payments", "calls", "agent_fees", "charges", "difference", "closing"), 0)
    Reconciliation.objects.create(account=account, day=NOON.date(), computed_at=NOON, **figures)
    Case.objects.create(account=account, begins_at=NOON, ends_at=NOON, difference=Decimal("-4.2"), opened_at=NOON)
    JobRun.objects.create(job="balances", slot=NOON, started_at=NOON, succeeded=False, detail="no answer")
    Look.objects.create(staff=UserFactory.create(is_staff=True), account=account, path="/a/x/", at=NOON)
    return account


def in_review(account: Account) -> TopUp:
    topup: TopUp = TopUpFactory.create(account=account)
    Transition.objects.create(topup=topup, to_state=TopUpState.REQUESTED, at=NOON)
    path = (TopUpState.REQUESTED, TopUpState.SENDING, TopUpState.IN_DOUBT, TopUpState.REVIEW)
    for before, after in pairwise(path):
        TopUp.objects.filter(pk=topup.pk).update(state=after, sent_at=NOON)
        Transition.objects.create(topup=topup, from_state=before, to_state=after, at=NOON)
    topup.refresh_from_db()
    return topup


def superuser() -> User:
    user: User = UserFactory.create(is_staff=True, is_superuser=True)
    return user


def staff(*groups: str) -> User:
    user: User = UserFactory.create(is_staff=True)
    user.groups.set(Group.objects.filter(name__in=groups))
    return user


def logged_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def list_of(model: type[Model]) -> str:
    return reverse(f"admin:{model._meta.label_lower.replace('.', '_')}_changelist")


def page_of(row: Model) -> str:
    return reverse(f"admin:{row._meta.label_lower.replace('.', '_')}_change", args=[row.pk])


def every_page() -> list[str]:
    pages = []
    for model in admin.site._registry:
        pages.append(list_of(model))
        row = model._default_manager.first()
        if row is not None:
            pages.append(page_of(row))
    return pages


def test_a_superuser_sees_every_list_and_every_row(account: Account) -> None:
    client = logged_in(superuser())
    pages = every_page()
    assert len(pages) > 2 * len(ONLY_THE_PORTALS_TO_WRITE)
    for page in pages:
        assert client.get(page).status_code == 200, page


@pytest.mark.parametrize("group", ["support", "billing", "operator"])
def test_a_group_sees_what_it_is_for_and_no_more(account: Account, group: str) -> None:
    user = staff(group)
    client = logged_in(user)
    for model, model_admin in admin.site._registry.items():
        seen = user.has_perm(f"{model._meta.app_label}.view_{model._meta.model_name}")
        row = model._default_manager.first()
        for page in [list_of(model)] + ([page_of(row)] if row else []):
            assert client.get(page).status_code == (200 if seen else 403), (group, page, model_admin)


def test_support_sees_accounts_money_calls_and_the_state_of_the_sync(account: Account) -> None:
    user = staff("support")
    for name in ("account", "switch", "user", "membership"):
        assert user.has_perm(f"accounts.view_{name}")
    for name in ("topup", "transition", "call", "callday", "payment", "charge", "syncmark", "case", "jobrun"):
        assert user.has_perm(f"billing.view_{name}")


def test_a_customer_and_a_stranger_see_no_page_of_it(account: Account) -> None:
    customer, stranger = logged_in(UserFactory.create()), Client()
    for page in every_page():
        assert customer.get(page, follow=True).status_code == 403, page
        assert stranger.get(page)["Location"].startswith("/account/login/"), page


def test_no_page_breaks_the_strict_policy(account: Account) -> None:
    client = logged_in(superuser())
    for page in every_page():
        text = client.get(page).content.decode()
        assert not re.search(r"\sstyle=|<style|\son\w+=|<script(?![^>]*(src=|application/json))", text), page


def test_a_list_asks_the_database_no_more_for_more_rows(account: Account) -> None:
    client = logged_in(superuser())
    for model in admin.site._registry:
        if model._default_manager.exists():
            with CaptureQueriesContext(connection) as queries:
                client.get(list_of(model))
            assert len(queries) < 16, model


@pytest.mark.parametrize("group", ["support", "billing", "operator", None])
def test_nobody_adds_changes_or_deletes_money_or_calls(account: Account, group: str | None) -> None:
    client = logged_in(staff(group) if group else superuser())
    for model in ONLY_THE_PORTALS_TO_WRITE:
        before = list(model._default_manager.order_by("pk").values())
        row = model._default_manager.first()
        assert row is not None
        label = model._meta.label_lower.replace(".", "_")
        change, delete = page_of(row), reverse(f"admin:{label}_delete", args=[row.pk])
        chosen = {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"}
        assert client.get(reverse(f"admin:{label}_add")).status_code == 403
        assert client.post(reverse(f"admin:{label}_add"), {"amount": "1"}).status_code == 403
        assert client.post(change, {"amount": "1", "state": "confirmed", "fee": "0"}).status_code == 403
        assert client.post(delete, {"post": "yes"}).status_code == 403
        client.post(list_of(model), chosen)
        assert list(model._default_manager.order_by("pk").values()) == before


def test_calls_are_listed_for_a_chosen_account_alone(account: Account) -> None:
    other: Call = CallFactory.create(callee="4940123456")
    client = logged_in(staff("support"))
    everything = client.get(list_of(Call))
    assert everything.context["cl"].result_count == 0
    assert "Choose one under Accounts" in everything.content.decode()
    chosen = client.get(list_of(Call), {"account": account.pk})
    assert "8613912345678" in chosen.content.decode()
    assert other.callee not in chosen.content.decode()


@pytest.mark.parametrize("value", ["", "x", "-1", "²", "9" * 40, "0", "1 OR 1=1"])
def test_an_account_that_is_none_lists_nothing(account: Account, value: str) -> None:
    page = logged_in(staff("support")).get(list_of(Call), {"account": value})
    assert page.status_code == 200
    assert page.context["cl"].result_count == 0


def test_no_list_of_calls_counts_further_than_its_bound(account: Account) -> None:
    with CaptureQueriesContext(connection) as queries:
        logged_in(staff("support")).get(list_of(Call), {"account": account.pk})
    counts = [query["sql"] for query in queries if "COUNT(" in query["sql"] and "billing_call" in query["sql"]]
    assert counts
    assert all("LIMIT 1000" in count for count in counts)


def test_an_account_leads_to_all_that_is_kept_of_it(account: Account) -> None:
    client = logged_in(superuser())
    page = client.get(page_of(account)).content.decode()
    links = re.findall(rf'href="(/staff/\w+/\w+/\?account={account.pk})"', page)
    assert len(links) == 9
    for link in links:
        assert client.get(link).context["cl"].result_count == 1, link
    assert f'href="/a/{account.public_id}/"' in page


def test_of_an_account_only_what_the_portal_decides_is_edited(account: Account) -> None:
    wish = {"credit_without_debit": "250", "balance": "1000000", "number": "X", "overdraft": "1"}
    logged_in(staff("operator")).post(page_of(account), wish)
    account.refresh_from_db()
    assert (account.credit_without_debit, account.balance, account.number) == (Decimal(250), Decimal(100), "A-20417")


def test_support_does_not_edit_an_account(account: Account) -> None:
    assert logged_in(staff("support")).post(page_of(account), {"credit_without_debit": "250"}).status_code == 403


def test_top_ups_are_found_by_reference_account_and_person(account: Account) -> None:
    topup = TopUp.objects.get()
    TopUpFactory.create()
    client = logged_in(staff("support"))
    for term in (topup.reference, topup.reference.lower(), "A-20417", topup.requested_by.email):
        found = client.get(list_of(TopUp), {"q": term}).context["cl"].result_list
        assert [row.pk for row in found] == [topup.pk], term


def test_a_top_up_shows_its_steps(account: Account) -> None:
    text = logged_in(staff("support")).get(page_of(TopUp.objects.get())).content.decode()
    assert text.count("waiting to be sent") >= 2
    assert "with our staff" in text


def decide_page(topup: TopUp) -> str:
    return reverse("admin:billing_topup_decide", args=[topup.pk])


def test_the_offer_to_decide_is_made_to_whoever_may(account: Account) -> None:
    topup = TopUp.objects.get()
    assert decide_page(topup) in logged_in(staff("billing")).get(page_of(topup)).content.decode()
    assert decide_page(topup) not in logged_in(staff("support")).get(page_of(topup)).content.decode()


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
    assert (last.by, last.why, last.to_state) == (by, "Asked the operator.", TopUpState.NOT_APPLIED)


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


def test_support_neither_notes_nor_closes_a_case(account: Account) -> None:
    case, client = Case.objects.get(), logged_in(staff("support"))
    assert client.post(page_of(case), {"note": "x"}).status_code == 403
    client.post(list_of(Case), {"action": "close", "_selected_action": [case.pk]})
    case.refresh_from_db()
    assert (case.note, case.closed_at) == ("", None)


def person(email: str = "new@example.com", **more: object) -> dict[str, object]:
    return {"email": email, "name": "", "time_zone": "", "is_active": "on", **more}


def test_an_operator_makes_a_person_without_a_password_and_sends_the_mail(db: None) -> None:
    client = logged_in(staff("operator"))
    client.post(reverse("admin:accounts_user_add"), person("New@Example.com"))
    user = User.objects.get(email="new@example.com")
    assert not user.has_usable_password()
    client.post(list_of(User), {"action": "send_password_mail", "_selected_action": [user.pk]})
    assert mail.outbox[0].to == ["new@example.com"]
    assert "/account/password/reset/key/" in mail.outbox[0].body


def test_one_address_is_one_person_in_any_case_of_letters(db: None) -> None:
    UserFactory.create(email="new@example.com")
    page = logged_in(staff("operator")).post(reverse("admin:accounts_user_add"), person("NEW@example.com"))
    assert page.status_code == 200
    assert page.context["errors"]


def test_a_changed_address_is_the_only_one_that_mail_goes_to(db: None) -> None:
    user = UserFactory.create(email="old@example.com")
    logged_in(staff("operator")).post(page_of(user), person("new@example.com"))
    assert [row.email for row in EmailAddress.objects.filter(user=user)] == ["new@example.com"]


def test_an_operator_makes_nobody_mightier_than_they_are(db: None) -> None:
    by, user = staff("operator"), UserFactory.create()
    billing = Group.objects.get(name="billing")
    body = person(user.email, is_staff="on", is_superuser="on", groups=[billing.pk])
    assert logged_in(by).post(page_of(user), body).status_code == 200
    support = Group.objects.get(name="support")
    logged_in(by).post(page_of(user), {**body, "groups": [support.pk]})
    user.refresh_from_db()
    assert (user.is_staff, user.is_superuser, list(user.groups.all())) == (True, False, [support])


def test_an_operator_changes_nobody_mightier_than_they_are(db: None) -> None:
    client = logged_in(staff("operator"))
    for user in (superuser(), staff("billing")):
        assert client.get(page_of(user)).status_code == 200
        assert client.post(page_of(user), person("mine@example.com")).status_code == 403
        client.post(list_of(User), {"action": "send_password_mail", "_selected_action": [user.pk]})
    assert mail.outbox == []


def test_an_operator_lets_a_person_see_an_account_and_ends_it_again(account: Account) -> None:
    client, user = logged_in(staff("operator")), UserFactory.create()
    wish = {"user": user.pk, "account": account.pk, "role": Role.VIEWER}
    client.post(reverse("admin:accounts_membership_add"), wish)
    membership = Membership.objects.get(user=user)
    client.post(page_of(membership), {"role": Role.OWNER, "account": AccountFactory.create().pk})
    membership.refresh_from_db()
    assert (membership.role, membership.account) == (Role.OWNER, account)
    client.post(reverse("admin:accounts_membership_delete", args=[membership.pk]), {"post": "yes"})
    assert not Membership.objects.filter(user=user).exists()


def switch_form(switch: Switch, **changes: object) -> dict[str, object]:
    page = logged_in(superuser()).get(page_of(switch))
    form = page.context["adminform"].form
    shown = {name: form[name].value() for name in form.fields}
    refusals = ",".join(str(code) for code in switch.sure_refusals)
    return {**shown, "sure_refusals": refusals, **changes}


def test_an_operator_changes_a_switch_but_not_the_file_it_is_sent(db: None) -> None:
    switch = SwitchFactory.create(extra_body_file="/etc/portal/body.json")
    form = switch_form(switch, topup_limit="500", extra_body_file="/etc/passwd")
    switch.extra_body_file = ""
    switch.save()
    assert logged_in(staff("operator")).post(page_of(switch), form).status_code == 302
    switch.refresh_from_db()
    assert (switch.topup_limit, switch.extra_body_file) == (Decimal(500), "")


@pytest.mark.parametrize(
    "change", [{"fingerprint": "abc"}, {"suffix": "/.."}, {"url": "http://a:b@c.example"}, {"time_zone": "Mars"}]
)
def test_a_switch_that_could_not_be_asked_is_not_saved(db: None, change: dict[str, str]) -> None:
    switch = SwitchFactory.create()
    page = logged_in(staff("operator")).post(page_of(switch), switch_form(switch, **change))
    assert page.status_code == 200
    assert page.context["errors"]


def test_the_calendar_and_currency_of_a_switch_in_use_stay(account: Account) -> None:
    switch = account.switch
    form = switch_form(switch, time_zone="Asia/Shanghai", currency="CNY")
    logged_in(staff("operator")).post(page_of(switch), form)
    switch.refresh_from_db()
    assert (switch.time_zone, switch.currency) == ("UTC", "USD")


def test_the_groups_are_made_again_after_a_flush_and_keep_what_was_added(db: None) -> None:
    support = Group.objects.get(name="support")
    support.permissions.add(Permission.objects.get(codename="view_look"))
    Group.objects.exclude(name="support").delete()
    call_command("migrate", verbosity=0)
    assert set(Group.objects.values_list("name", flat=True)) == {"support", "billing", "operator"}
    assert support.permissions.filter(codename="view_look").exists()
