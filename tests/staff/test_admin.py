from __future__ import annotations

import re
from decimal import Decimal

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Account, AuditEntry
from billing.balances.models import Charge, Payment, Reconciliation, SyncMark
from billing.batches.models import Batch, BatchRow
from billing.calls.models import Call, CallDay
from billing.jobs.models import JobRun
from billing.topups.models import TopUp
from tests.support.factories import NOON, CallFactory, UserFactory
from tests.support.logins import logged_in
from tests.support.pages import read
from tests.support.staffsite import full_account, list_of, page_of, staff, superuser

pytestmark = pytest.mark.django_db

ONLY_THE_PORTALS_TO_WRITE = (
    Batch,
    BatchRow,
    Call,
    CallDay,
    Payment,
    Charge,
    TopUp,
    SyncMark,
    Reconciliation,
    JobRun,
    AuditEntry,
)


@pytest.fixture
def account(db: None) -> Account:
    return full_account()


def addresses(client: Client, place: str) -> set[str]:
    """Where the links of a page lead."""
    return {link.address for link in read(client.get(place)).links}


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
    assert user.has_perms(["topups.view_topup", "topups.view_transition", "calls.view_call", "calls.view_callday"])
    assert user.has_perms(["balances.view_payment", "balances.view_charge", "balances.view_syncmark"])
    assert user.has_perms(["balances.view_case", "jobs.view_jobrun"])


def test_a_customer_and_a_stranger_see_no_page_of_it(account: Account) -> None:
    customer, stranger = logged_in(UserFactory.create()), Client()
    for page in every_page():
        assert customer.get(page, follow=True).status_code == 403, page
        assert stranger.get(page)["Location"].startswith("/account/login/"), page


def test_no_page_breaks_the_strict_policy(account: Account) -> None:
    client = logged_in(superuser())
    for page in every_page():
        markup = client.get(page).content
        assert not re.search(rb"\sstyle=|<style|\son\w+=|<script(?![^>]*(src=|application/json))", markup), page


def test_a_list_asks_the_database_no_more_for_more_rows(account: Account) -> None:
    client = logged_in(superuser())
    for model in admin.site._registry:
        if model._default_manager.exists():
            with CaptureQueriesContext(connection) as queries:
                client.get(list_of(model))
            assert len(queries) < 16, model


@pytest.mark.parametrize("group", ["support", "billing", "operator", None])
def test_no_member_of_staff_adds_changes_or_deletes_money_or_calls(account: Account, group: str | None) -> None:
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
    assert read(everything).link("Choose one under Accounts") == list_of(Account)
    chosen = client.get(list_of(Call), {"account": account.pk})
    assert {call.account for call in chosen.context["cl"].result_list} == {account}
    assert "8613912345678" in read(chosen).words
    assert other.callee not in read(chosen).words


@pytest.mark.parametrize("value", ["", "x", "-1", "²", "9" * 40, "0", "1 OR 1=1"])
def test_an_account_that_is_none_lists_nothing(account: Account, value: str) -> None:
    page = logged_in(staff("support")).get(list_of(Call), {"account": value})
    assert page.status_code == 200
    assert page.context["cl"].result_count == 0


def test_no_list_of_calls_counts_further_than_its_bound(account: Account) -> None:
    with CaptureQueriesContext(connection) as queries:
        logged_in(staff("support")).get(list_of(Call), {"account": account.pk})
    counts = [query["sql"] for query in queries if "COUNT(" in query["sql"] and "calls_call" in query["sql"]]
    assert counts
    assert all("LIMIT 1000" in count for count in counts)


def test_an_account_leads_to_all_that_is_kept_of_it(account: Account) -> None:
    client = logged_in(superuser())
    found = addresses(client, page_of(account))
    lists = {address for address in found if re.fullmatch(rf"/staff/\w+/\w+/\?account={account.pk}", address)}
    assert len(lists) == 19
    for address in lists:
        assert client.get(address).context["cl"].result_count, address
    assert f"/a/{account.public_id}/" in found


def test_every_list_leads_to_the_pages_of_its_rows(account: Account) -> None:
    client = logged_in(superuser())
    for model in admin.site._registry:
        markup = client.get(f"{list_of(model)}{f'?account={account.pk}' if model is Call else ''}").content
        # A link within a link leads to where the inner one does.
        assert not re.search(rb"<a [^>]*><a ", markup), model


def test_a_batch_leads_to_its_lines_and_a_line_to_its_top_up(account: Account) -> None:
    client, batch = logged_in(staff("support")), Batch.objects.get()
    other = Batch.objects.create(
        agent=account, uploaded_by=UserFactory.create(), uploaded_at=NOON, file_name="december.csv", digest="e" * 64
    )
    topup = TopUp.objects.get()
    paid = BatchRow.objects.create(
        batch=other, line=1, account_text="A-1", amount_text="10", account=account, amount=10, topup=topup
    )
    lines = f"{list_of(BatchRow)}?batch={other.pk}"
    assert lines in addresses(client, list_of(Batch))
    assert f"{list_of(BatchRow)}?batch={batch.pk}" in addresses(client, page_of(batch))
    found = client.get(lines)
    assert [row.pk for row in found.context["cl"].result_list] == [paid.pk]
    assert page_of(topup) in addresses(client, lines)
    for query, count in (("problem__isempty=0", 1), ("topup__state__exact=review", 1), (f"batch={batch.pk}x", 0)):
        assert client.get(f"{list_of(BatchRow)}?{query}").context["cl"].result_count == count, query


def test_a_case_leads_to_the_rows_around_it_and_to_what_the_customer_sees(account: Account) -> None:
    client = logged_in(superuser())
    case = account.cases.get()
    found = addresses(client, page_of(case))
    lists = {address for address in found if re.fullmatch(rf"/staff/\w+/\w+/\?account={account.pk}&.+", address)}
    assert len(lists) == 5
    for address in lists:
        assert client.get(address).context["cl"].result_count == 1, address
    day = case.ends_at.date()
    shown_to_the_customer = f"/a/{account.public_id}/balance/?from={day}&to={day}"
    assert shown_to_the_customer in found
    assert client.get(shown_to_the_customer).status_code == 200


def test_of_an_account_only_what_the_portal_decides_is_edited(account: Account) -> None:
    posted = {"credit_without_debit": "250", "balance": "1000000", "number": "X", "overdraft": "1"}
    logged_in(staff("operator")).post(page_of(account), posted)
    account.refresh_from_db()
    assert (account.credit_without_debit, account.balance, account.number) == (Decimal(250), Decimal(100), "A-20417")


def test_support_does_not_edit_an_account(account: Account) -> None:
    assert logged_in(staff("support")).post(page_of(account), {"credit_without_debit": "250"}).status_code == 403
