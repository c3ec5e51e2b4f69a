"""One visit of support, from the login to the logout, and what the audit trail says of it afterwards."""

from __future__ import annotations

import json
import re

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Account, AuditAction, AuditEntry, Note
from accounts.services import audit
from tests.support.commands import run
from tests.support.factories import NOON, TopUpFactory
from tests.support.logins import logged_in
from tests.support.pages import read
from tests.support.staffsite import full_account, list_of, page_of, staff

pytestmark = pytest.mark.django_db
FROM = "203.0.113.9"


def test_the_audit_trail_of_one_support_visit() -> None:
    account, sam = full_account(), staff("support")
    client = Client(REMOTE_ADDR=FROM, HTTP_USER_AGENT="Mozilla/5.0 Firefox/150.0")
    customer = reverse("overview", args=[account.public_id])

    client.post("/account/login/", {"login": sam.email, "password": "correct horse battery"})
    found = client.get(list_of(Account), {"q": "A-204"}).context["cl"].result_list
    assert [row.number for row in found] == ["A-20417"]
    for page in (page_of(account), customer, f"{customer}calls/?number=8613", f"{customer}payments/"):
        assert client.get(page).status_code == 200
    note = {"account": str(account.pk), "text": "Asks why Monday was dear. Calls back."}
    assert client.post(reverse("admin:accounts_note_add"), note)["Location"] == page_of(account)
    assert note["text"] in read(client.get(page_of(account))).words
    client.post("/account/logout/")

    told = run("audit", "--json", "--user", sam.email)
    lines = [json.loads(line) for line in told.out.splitlines()]
    assert [(line["action"], line["account"], line["text"]) for line in lines] == [
        ("logged_in", None, ""),
        ("looked", "A-20417", page_of(account)),
        ("looked", "A-20417", customer),
        ("looked", "A-20417", f"{customer}calls/?number=8613"),
        ("looked", "A-20417", f"{customer}payments/"),
        ("added", "A-20417", ""),
        ("logged_out", None, ""),
    ]
    assert lines[5]["what"] == note["text"]
    assert {line["who"] for line in lines} == {sam.email}
    assert {line["role"] for line in lines} == {"support"}
    assert {line["address"] for line in lines} == {FROM}
    assert len({line["session"] for line in lines}) == 1
    assert [line["at"] for line in lines] == sorted(line["at"] for line in lines)
    assert Note.objects.get(text=note["text"]).by == sam


def test_an_operator_reads_the_visit_in_the_staff_site() -> None:
    account, sam = full_account(), staff("support")
    visitor, omar = logged_in(sam), logged_in(staff("operator"))
    visitor.get(reverse("overview", args=[account.public_id]))
    trail = list_of(AuditEntry)
    queries: tuple[dict[str, str], ...] = (
        {"q": sam.email},
        {"user": str(sam.pk)},
        {"account": str(account.pk), "action": "looked", "q": sam.email},
    )
    for query in queries:
        page = read(omar.get(trail, query))
        assert reverse("overview", args=[account.public_id]) in page.words
        assert page_of(account) in {link.address for link in page.links}
    assert re.search(r"\d+ (entries|entry) of the audit trail", read(omar.get(trail)).words)
    assert visitor.get(trail).status_code == 403


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"q": "TU-8F3K2M4P7Q"}, 1),
        ({"q": "operator monday"}, 1),
        ({"q": "operator tuesday"}, 0),
        ({"q": "A-777"}, 1),
        ({"since": "2026-11-20", "until": "2026-11-20"}, 1),
        ({"since": "2026-11-21", "until": "2026-11-22"}, 0),
        ({"until": "2026-11-19"}, 0),
        ({"action": "decided", "since": "2026-01-01", "until": "2026-12-01"}, 1),
        ({"action": "closed"}, 0),
    ],
)
def test_the_trail_is_searched_by_account_words_action_and_days(query: dict[str, str], found: int) -> None:
    topup = TopUpFactory.create(reference="TU-8F3K2M4P7Q", account__number="A-7771")
    audit.note(action=AuditAction.DECIDED, now=NOON, subject=topup, text="Asked the operator on Monday.")
    page = logged_in(staff("operator")).get(list_of(AuditEntry), query)
    assert page.context["cl"].result_count == found


@pytest.mark.parametrize("query", [{"since": "x"}, {"until": "9999-12-31"}, {"since": "2026-02-30"}, {"q": "(&|!'"}])
def test_what_no_list_can_be_searched_for_breaks_nothing(query: dict[str, str]) -> None:
    page = logged_in(staff("operator")).get(list_of(AuditEntry), query, follow=True)
    assert page.status_code == 200
