from __future__ import annotations

import json
from datetime import timedelta

import pytest

from accounts.access import open_account
from accounts.models import Account, AuditAction, AuditEntry
from accounts.services import audit
from tests.support.commands import run
from tests.support.factories import NOON, AccountFactory, UserFactory
from tests.support.staffsite import staff

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> Account:
    account: Account = AccountFactory.create(number="A-20417")
    sam = open_account(staff("support"), account.public_id)
    for days in range(3):
        audit.look(access=sam, path=f"/a/x/?page={days}", now=NOON + timedelta(days=days))
    audit.note(action=AuditAction.LOGIN_FAILED, now=NOON, subject=UserFactory.create(email="zoe@example.com"))
    return account


def lines(*arguments: str) -> list[dict[str, object]]:
    ran = run("audit", "--json", *arguments)
    assert (ran.code, ran.err) == (0, "")
    return [json.loads(line) for line in ran.out.splitlines()]


def test_every_entry_is_a_line_oldest_first(account: Account) -> None:
    found = lines()
    assert [line["action"] for line in found] == ["looked", "login_failed", "looked", "looked"]
    first = found[0]
    assert (first["role"], first["account"], first["text"]) == ("background", "A-20417", "/a/x/?page=0")
    assert (first["at"], first["switch"]) == ("2026-11-20T12:00:00+00:00", account.switch.name)


@pytest.mark.parametrize(
    ("since", "until", "pages"),
    [
        ("2026-11-21", "2026-11-21", ["/a/x/?page=1"]),
        ("2026-11-21", "2026-11-22T12:00:00", ["/a/x/?page=1"]),
        ("2026-11-22T13:00:00+01:00", "2026-12-01", ["/a/x/?page=2"]),
        ("2026-12-01", "2026-12-31", []),
    ],
)
def test_days_are_whole_and_an_end_that_is_an_instant_is_not_part_of_it(
    account: Account, since: str, until: str, pages: list[str]
) -> None:
    assert [line["text"] for line in lines("--since", since, "--until", until)] == pages


def test_of_one_account_or_of_one_person(account: Account) -> None:
    audit.note(action=AuditAction.CHANGED, now=NOON, account=AccountFactory.create())
    for name in (account.number, account.public_id):
        assert {line["account"] for line in lines("--account", name)} == {"A-20417"}
    assert [line["what"] for line in lines("--user", "Zoe@example.com")] == ["zoe@example.com"]
    sam = AuditEntry.objects.filter(user__isnull=False).latest("id")
    assert len(lines("--user", sam.who)) == 3


def test_the_person_who_exports_the_trail_is_in_it(account: Account) -> None:
    run("audit", "--account", "A-20417")
    entry = AuditEntry.objects.latest("id")
    assert (entry.role, entry.action, entry.text) == ("command", "exported", "the audit trail: account A-20417")


def test_people_read_sentences(account: Account) -> None:
    out = run("audit", "--user", "zoe@example.com").out
    assert out == "2026-11-20 12:00:00  — (background)  —  failed to log in zoe@example.com\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ("--since", "yesterday"),
        ("--until", "2026-02-30"),
        ("--until", "9999-12-31"),
        ("--since", "2026-11-21", "--until", "2026-11-20"),
        ("--account", "nobody"),
        ("--user", "nobody@example.com"),
    ],
)
def test_what_makes_no_sense_is_said_and_nothing_is_printed(account: Account, arguments: tuple[str, ...]) -> None:
    ran = run("audit", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert arguments[1] in ran.err
