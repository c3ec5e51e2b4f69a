"""What staff do at the staff site is on record, with what it was before."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.contrib.admin.models import LogEntry
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from accounts.models import Account, AuditEntry, Membership, Role, Switch, User
from billing.balances.models import Case, Payment
from billing.topups.models import Source, TopUp
from billing.topups.services import requests as topup_requests
from tests.support.factories import SwitchFactory, UserFactory
from tests.support.logins import freshly_logged_in, logged_in
from tests.support.pages import context, read
from tests.support.staffsite import full_account, list_of, page_of, staff

pytestmark = pytest.mark.django_db


@pytest.fixture
def account(db: None) -> Account:
    return full_account()


def newest() -> AuditEntry:
    return AuditEntry.objects.latest("id")


def test_a_changed_limit_says_who_changed_it_from_what_to_what(account: Account) -> None:
    omar = staff("operator")
    logged_in(omar).post(page_of(account), {"credit_without_debit": "250"})
    entry = newest()
    assert (entry.user, entry.role, entry.account, entry.action) == (omar, "operator", account, "changed")
    assert entry.changes == {"credit_without_debit": ["", "250"]}
    assert (entry.subject_type, entry.address) == ("accounts.account", "127.0.0.1")


def test_a_form_that_changes_nothing_is_no_entry(account: Account) -> None:
    logged_in(staff("operator")).post(page_of(account), {"credit_without_debit": ""})
    assert not AuditEntry.objects.filter(action="changed").exists()


def test_people_and_their_groups_are_on_record(db: None) -> None:
    client, user = freshly_logged_in(staff("operator")), UserFactory.create()
    support = {"email": user.email, "name": user.name, "time_zone": "", "is_active": "on", "is_staff": "on"}
    group = client.get(page_of(user)).context["adminform"].form.fields["groups"].queryset.get(name="support")
    client.post(page_of(user), {**support, "groups": [group.pk]})
    assert newest().changes == {"is_staff": ["False", "True"], "groups": ["", "support"]}


def test_a_membership_is_on_record_when_it_comes_changes_and_goes(account: Account) -> None:
    client, user = freshly_logged_in(staff("operator")), UserFactory.create()
    client.post(reverse("admin:accounts_membership_add"), {"user": user.pk, "account": account.pk, "role": "viewer"})
    membership = Membership.objects.get(user=user)
    client.post(page_of(membership), {"role": Role.OWNER})
    client.post(reverse("admin:accounts_membership_delete", args=[membership.pk]), {"post": "yes"})
    entries = AuditEntry.objects.filter(subject_type="accounts.membership", account=account).order_by("id")
    done = [(entry.action, entry.subject) for entry in entries if entry.action != "looked"]
    words = f"{user} is {{}} of {account}"
    assert done == [
        ("added", words.format("viewer")),
        ("changed", words.format("owner")),
        ("removed", words.format("owner")),
    ]


def test_a_decision_and_its_reason_are_on_record(account: Account) -> None:
    topup, bea = TopUp.objects.get(), staff("billing")
    decide = reverse("admin:topups_topup_decide", args=[topup.pk])
    logged_in(bea).post(decide, {"verdict": "not_applied", "why": "Asked the operator."})
    entry = newest()
    assert (entry.user, entry.action, entry.subject, entry.text) == (
        bea,
        "decided",
        topup.reference,
        "Asked the operator.",
    )
    assert entry.changes == {"state": ["review", "not_applied"]}


def test_a_closed_case_is_on_record_once(account: Account) -> None:
    case, client = Case.objects.get(), logged_in(staff("billing"))
    for _ in range(2):
        client.post(list_of(Case), {"action": "close", "_selected_action": [case.pk], "note": "Rated anew."})
    assert [entry.subject_id for entry in AuditEntry.objects.filter(action="closed")] == [str(case.pk)]


def test_a_top_up_says_who_asked_for_it_and_how(account: Account) -> None:
    topup = topup_requests.request(
        account=account,
        amount=Decimal(5),
        source=Source.OPERATOR,
        by=UserFactory.create(),
        key="k",
        now=timezone.now(),
        send_by_worker=False,
        besides_unsettled=True,
    )
    entry = AuditEntry.objects.get(action="requested")
    assert (entry.user, entry.account, entry.subject) == (topup.requested_by, account, topup.reference)
    assert entry.text == "5 USD, operator"


def test_looking_at_the_rows_of_one_account_is_a_look_at_it(account: Account) -> None:
    sam = staff("support")
    client = logged_in(sam)
    pages = [page_of(account), f"{list_of(Payment)}?account={account.pk}", page_of(TopUp.objects.get())]
    for page in pages:
        client.get(page)
    client.get(list_of(Payment))
    looks = AuditEntry.objects.filter(action="looked", user=sam).order_by("id")
    assert [(look.text, look.account) for look in looks] == [(page, account) for page in pages]


def test_admins_own_log_keeps_nothing_beside_the_trail(account: Account) -> None:
    logged_in(staff("operator")).post(page_of(account), {"credit_without_debit": "250"})
    assert not LogEntry.objects.exists()
    page = logged_in(staff("support")).get(reverse("admin:accounts_account_history", args=[account.pk]))
    assert context(page)["entries"][0].changes == {"credit_without_debit": ["", "250"]}
    assert "credit_without_debit: — → 250" in read(page).words


def test_a_switch_that_a_command_changes_is_on_record(db: None) -> None:
    switch: Switch = SwitchFactory.create(name="main")
    call_command("switch", "main", "http://127.0.0.1:9", "--budget=7")
    call_command("switch", "main", "http://127.0.0.1:9")
    entry = AuditEntry.objects.get(subject_type="accounts.switch")
    assert (entry.user, entry.role, entry.subject_id) == (None, "command", str(switch.pk))
    assert entry.changes == {"requests_per_second": ["10000.00", "7"]}


def test_what_grant_does_is_on_record(account: Account) -> None:
    arguments = ("grant", "zoe@example.com", account.switch.name, account.number)
    Account.objects.filter(pk=account.pk).update(profile_at=timezone.now())
    call_command(*arguments, "--staff")
    call_command(*arguments, "--role=viewer")
    user = User.objects.get(email="zoe@example.com")
    entries = AuditEntry.objects.filter(role="command").order_by("id")
    assert [(entry.action, entry.subject_type, entry.changes) for entry in entries] == [
        ("added", "accounts.user", {}),
        ("changed", "accounts.user", {"groups": ["", "support"]}),
        ("added", "accounts.membership", {}),
        ("changed", "accounts.membership", {"role": ["owner", "viewer"]}),
    ]
    assert entries[0].subject == user.email
