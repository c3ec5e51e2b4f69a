from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Account, AuditAction, AuditEntry
from billing.models import Backfill
from tests.support.factories import AccountFactory, CallDayFactory, MembershipFactory
from tests.support.logins import logged_in
from tests.support.staffsite import list_of, staff

pytestmark = pytest.mark.django_db

TODAY = datetime.now(UTC).date()
FIRST, LAST = TODAY - timedelta(days=103), TODAY - timedelta(days=100)
ADD = reverse("admin:billing_backfill_add")


@pytest.fixture
def account() -> Account:
    account: Account = AccountFactory.create(opened_at=None)
    return account


@pytest.fixture
def operator() -> Client:
    return logged_in(staff("operator"))


def post(client: Client, **fields: object) -> str:
    body = {"account": "", "switch": "", "first": FIRST, "last": LAST, **fields}
    return client.post(ADD, body, follow=True).content.decode()


def test_an_operator_has_days_of_an_account_fetched_and_sees_the_bar(operator: Client, account: Account) -> None:
    CallDayFactory.create(account=account, day=FIRST + timedelta(days=1), fetched_at=datetime.now(UTC))
    html = post(operator, account=account.pk)
    assert "Being fetched: 1 account," in html
    assert '<progress max="4" value="1">1</progress> 1 of 4' in html
    row = Backfill.objects.get()
    assert (row.account, row.first, row.last) == (account, FIRST, LAST)
    assert AuditEntry.objects.filter(action=AuditAction.REQUESTED, account=account, subject_id=str(row.pk)).exists()


def test_a_switch_stands_for_all_its_accounts_that_somebody_has(operator: Client, account: Account) -> None:
    others = [MembershipFactory.create(account__switch=account.switch, account__opened_at=None) for _ in range(2)]
    assert "Being fetched: 2 accounts," in post(operator, switch=account.switch.pk)
    assert set(Backfill.objects.values_list("account", flat=True)) == {other.account_id for other in others}


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, "Choose an account or a switch."),
        ({"account": 1, "first": LAST, "last": FIRST}, "This is before the first day."),
        ({"account": 1, "first": "1990-01-01", "last": "1990-12-31"}, "nothing can be known of them"),
    ],
)
def test_what_cannot_be_fetched_is_said(
    operator: Client, account: Account, fields: dict[str, object], message: str
) -> None:
    if "account" in fields:
        fields = {**fields, "account": account.pk}
    assert message in post(operator, **fields)
    assert not Backfill.objects.exists()


def test_support_looks_and_starts_none(account: Account) -> None:
    support = logged_in(staff("support"))
    assert support.get(list_of(Backfill)).status_code == 200
    assert support.get(ADD).status_code == 403
