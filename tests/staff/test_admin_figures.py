"""Amounts on the staff site are written as everywhere else."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from django.contrib import admin
from django.urls import reverse

from accounts.models import Account, Switch
from billing.calls.models import Call
from billing.card_payments.models import CardPayment
from billing.topups.models import LookUp, TopUp
from tests.support.factories import NOON
from tests.support.logins import logged_in
from tests.support.pages import read
from tests.support.staffsite import full_account, list_of, page_of, staff, superuser

pytestmark = pytest.mark.django_db

# What a column of the database says and no person would, such as 25.000000. A field may take so fine a step.
SIX_PLACES = re.compile(rb'(?<!step=")(?<!\d)\d+\.\d{6}(?!\d)')


@pytest.fixture
def account() -> Account:
    account = full_account()
    Account.objects.update(balance=Decimal("12.5"), overdraft=5, credit_without_debit=250)
    topup = TopUp.objects.get()
    stated = [{"at": "2026-11-02T12:00:00.123000+00:00", "amount": "10.000000", "balance_after": "22.5", "memo": ""}]
    window = {"at": NOON, "begins_at": NOON, "ends_at": NOON}
    LookUp.objects.create(topup=topup, **window, rows=1, candidates=stated)
    return account


def pages(account: Account) -> list[str]:
    lists = [
        f"{list_of(model)}?account={account.pk}" if model is Call else list_of(model) for model in admin.site._registry
    ]
    rows = [page_of(row) for model in admin.site._registry for row in model._default_manager.all()[:2]]
    topup, payment = TopUp.objects.get(), CardPayment.objects.get()
    of_their_own = [
        reverse("admin:topups_topup_decide", args=[topup.pk]),
        reverse("admin:card_payments_cardpayment_settle", args=[payment.pk]),
        reverse("admin:credit", args=[account.pk]),
    ]
    return [*lists, *rows, *of_their_own]


@pytest.mark.parametrize("who", ["superuser", "support"])
def test_no_page_of_the_staff_site_writes_six_places(account: Account, who: str) -> None:
    client = logged_in(superuser() if who == "superuser" else staff("support"))
    shown = {page: client.get(page) for page in pages(account)}
    found = {page: SIX_PLACES.findall(answer.content) for page, answer in shown.items()}
    assert {page: figures for page, figures in found.items() if figures} == {}
    assert "$12.50" in read(shown[page_of(account)]).words


def test_a_column_of_amounts_says_its_currency_and_can_still_be_sorted(account: Account) -> None:
    Switch.objects.update(currency="JPY")
    page = read(logged_in(superuser()).get(f"{list_of(TopUp)}?o=3"))
    assert [amount for row in page.rows for column, amount in row.items() if "Amount" in column and "¥" in amount]
    assert [link for link in page.links if "o=-3" in link.address]


def test_a_limit_is_in_its_field_as_a_person_would_type_it(account: Account) -> None:
    fields = read(logged_in(staff("operator")).get(page_of(account))).fields.values()
    assert [field.value for field in fields if field.name == "credit_without_debit"] == ["250"]
