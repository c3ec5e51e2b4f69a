"""Staff have days of calls fetched, of one account or of all that are followed on a switch."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from django.core.exceptions import NON_FIELD_ERRORS
from django.test import Client
from django.urls import reverse

from accounts.models import Account, AuditAction, AuditEntry
from billing.calls.models import Backfill
from tests.support.factories import AccountFactory, CallDayFactory, MembershipFactory
from tests.support.logins import logged_in
from tests.support.pages import context
from tests.support.staff_pages import listed, messages
from tests.support.staffsite import list_of, staff

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer

pytestmark = pytest.mark.django_db

TODAY = datetime.now(UTC).date()
FIRST, LAST = TODAY - timedelta(days=103), TODAY - timedelta(days=100)
ADD = reverse("admin:calls_backfill_add")


@pytest.fixture
def account() -> Account:
    account: Account = AccountFactory.create(opened_at=None)
    return account


@pytest.fixture
def operator() -> Client:
    return logged_in(staff("operator"))


def post(client: Client, **fields: object) -> Answer:
    body = {"account": "", "switch": "", "first": FIRST, "last": LAST, **fields}
    return client.post(ADD, body, follow=True)


def test_an_operator_has_days_of_an_account_fetched_and_sees_the_bar(operator: Client, account: Account) -> None:
    CallDayFactory.create(account=account, day=FIRST + timedelta(days=1), fetched_at=datetime.now(UTC))
    answer = post(operator, account=account.pk)
    ((level, words),) = messages(answer)
    assert (level, "1 account," in words) == ("info", True)
    (listed_row,) = listed(answer)
    assert listed_row["bar"].words == "1 1 of 4"
    row = Backfill.objects.get()
    assert (row.account, row.first, row.last) == (account, FIRST, LAST)
    assert AuditEntry.objects.filter(action=AuditAction.REQUESTED, account=account, subject_id=str(row.pk)).exists()


def test_a_switch_stands_for_all_its_accounts_that_have_members(operator: Client, account: Account) -> None:
    others = [MembershipFactory.create(account__switch=account.switch, account__opened_at=None) for _ in range(2)]
    ((_, words),) = messages(post(operator, switch=account.switch.pk))
    assert "2 accounts," in words
    assert set(Backfill.objects.values_list("account", flat=True)) == {other.account_id for other in others}


@pytest.mark.parametrize(
    ("fields", "place", "message"),
    [
        ({}, NON_FIELD_ERRORS, "Choose an account or a switch."),
        ({"account": 1, "first": LAST, "last": FIRST}, "last", "This is before the first day."),
        ({"account": 1, "first": "1990-01-01", "last": "1990-12-31"}, "", "nothing can be known of them"),
    ],
)
def test_what_cannot_be_fetched_is_said(
    operator: Client, account: Account, fields: dict[str, object], place: str, message: str
) -> None:
    if "account" in fields:
        fields = {**fields, "account": account.pk}
    answer = post(operator, **fields)
    if place:
        assert context(answer)["adminform"].form.errors == {place: [message]}
    else:
        ((level, words),) = messages(answer)
        assert (level, message in words) == ("warning", True)
    assert not Backfill.objects.exists()


def test_support_looks_and_starts_none(account: Account) -> None:
    support = logged_in(staff("support"))
    assert support.get(list_of(Backfill)).status_code == 200
    assert support.get(ADD).status_code == 403
