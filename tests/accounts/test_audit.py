from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import ProgrammingError, transaction
from django.http import HttpRequest
from django.test import RequestFactory

from accounts.access import open_account
from accounts.models import Account, AuditAction, AuditEntry, Membership, Role, User
from accounts.services import audit
from tests.support.factories import NOON, AccountFactory, MembershipFactory, UserFactory
from tests.support.staffsite import staff, superuser

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> Account:
    account: Account = AccountFactory.create()
    return account


def request(address: str = "192.0.2.7", user_agent: str = "Firefox/150") -> HttpRequest:
    return RequestFactory().get("/", REMOTE_ADDR=address, HTTP_USER_AGENT=user_agent)


def look(user: User, account: Account, *, path: str = "/a/x/", minutes: int = 0) -> None:
    audit.look(access=open_account(user, account.public_id), path=path, now=NOON + timedelta(minutes=minutes))


def note_of(user: User | None, account: Account | None = None, asked: HttpRequest | None = None) -> AuditEntry:
    with audit.within_request(asked or request()):
        return audit.note(action=AuditAction.CHANGED, now=NOON, by=user, account=account)


def test_a_look_says_who_looked_at_what_as_what_from_where_and_when(account: Account) -> None:
    sam = staff("support", "billing")
    with audit.within_request(request()):
        look(sam, account)
    kept = AuditEntry.objects.get()
    assert (kept.user, kept.who, kept.role, kept.account) == (sam, sam.email, "billing, support", account)
    assert (kept.action, kept.text, kept.at) == (AuditAction.LOOKED, "/a/x/", NOON)
    assert (kept.address, kept.user_agent) == ("192.0.2.7", "Firefox/150")


def test_the_same_page_again_within_a_minute_is_the_same_look(account: Account) -> None:
    sam = staff("support")
    look(sam, account)
    look(sam, account)
    look(sam, account, path="/a/y/")
    look(staff("support"), account)
    look(sam, account, minutes=2)
    assert AuditEntry.objects.count() == 4


def test_members_are_not_watched(account: Account) -> None:
    with pytest.raises(ValueError, match="staff"):
        look(MembershipFactory.create(account=account).user, account)
    assert not AuditEntry.objects.exists()


def test_an_entry_says_in_which_role_a_person_acted(account: Account) -> None:
    child = AccountFactory.create(parent=account, switch=account.switch)
    agent = MembershipFactory.create(account=account).user
    viewer = MembershipFactory.create(account=account, role=Role.VIEWER).user
    for user, of, role, via in (
        (agent, account, "owner", None),
        (agent, child, "owner", account),
        (viewer, account, "viewer", None),
        (UserFactory.create(), account, "member", None),
        (staff("operator"), account, "operator", None),
        (superuser(), None, "superuser", None),
        (None, None, "not logged in", None),
    ):
        entry = note_of(user, of)
        assert (entry.role, entry.via) == (role, via)


def test_a_command_has_no_login(account: Account) -> None:
    with audit.within_command():
        entry = audit.note(action=AuditAction.ADDED, now=NOON, subject=MembershipFactory.create(account=account))
    assert (entry.user, entry.who, entry.role, entry.address, entry.account) == (None, "", "command", None, account)


def test_an_entry_names_the_row_in_the_words_of_that_day(account: Account) -> None:
    membership: Membership = MembershipFactory.create(account=account)
    entry = audit.note(action=AuditAction.REMOVED, now=NOON, subject=membership)
    assert (entry.subject_type, entry.subject_id) == ("accounts.membership", str(membership.pk))
    assert entry.subject == f"{membership.user.email} is owner of {account}"


def test_what_changed_is_kept_without_what_sounds_secret() -> None:
    before = {"topup_limit": "10000", "name": "main", "claim_phrase": "old", "password": ""}
    after = {"topup_limit": 500, "name": "main", "claim_phrase": "new", "password": "x"}
    found = audit.changed(before, after)
    assert found == {"topup_limit": ("10000", "500"), "claim_phrase": ("…", "…"), "password": ("…", "…")}


@pytest.mark.parametrize(
    ("address", "kept"),
    [("2001:db8::1", "2001:db8::1"), ("fe80::1%eth0", "fe80::1"), ("", None), ("unix:", None), ("a, b", None)],
)
def test_an_address_that_is_none_stops_nothing(address: str, kept: str | None) -> None:
    assert note_of(None, asked=request(address)).address == kept


def test_nothing_that_a_browser_says_is_too_long_or_unreadable(account: Account) -> None:
    entry = note_of(None, asked=request(user_agent="x\0" * 3000))
    assert entry.user_agent == "x" * 200
    assert len(audit.note(action=AuditAction.LOOKED, now=NOON, text="/" + "\0x" * 3000).text) == audit.TEXT_LENGTH


def test_one_login_is_told_from_another_without_its_key(account: Account) -> None:
    here, there = request(), request()
    for asked, key in ((here, "key-of-the-session-1"), (there, "key-of-the-session-2")):
        asked.session = type("Session", (), {"session_key": key})()
    one, again, other = note_of(None, asked=here), note_of(None, asked=here), note_of(None, asked=there)
    assert one.session == again.session != other.session
    assert len(one.session) == 12
    assert "key" not in one.session


def test_an_entry_can_be_neither_changed_nor_deleted() -> None:
    kept = audit.note(action=AuditAction.CHANGED, now=NOON, text="as it was")
    rows = AuditEntry.objects.filter(pk=kept.pk)
    with pytest.raises(ProgrammingError, match="Cannot update"), transaction.atomic():
        rows.update(text="otherwise")
    with pytest.raises(ProgrammingError, match="Cannot delete"), transaction.atomic():
        rows.delete()
    kept.refresh_from_db()
    assert kept.text == "as it was"


def test_what_is_older_than_is_to_be_kept_is_dropped_and_nothing_younger_than_a_year() -> None:
    old = audit.note(action=AuditAction.CHANGED, now=NOON - timedelta(days=5 * 365))
    audit.note(action=AuditAction.CHANGED, now=NOON - timedelta(days=2 * 365))
    assert audit.forget(before=NOON - timedelta(days=3 * 365)) == 1
    assert not AuditEntry.objects.filter(pk=old.pk).exists()
    fresh = audit.note(action=AuditAction.CHANGED, now=NOON)
    with pytest.raises(ProgrammingError, match="Cannot delete"), transaction.atomic():
        audit.forget(before=NOON + timedelta(days=1))
    assert AuditEntry.objects.filter(pk=fresh.pk).exists()
