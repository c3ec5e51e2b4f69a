from __future__ import annotations

import pytest
from django.contrib.auth.models import Group
from django.db import ProgrammingError, transaction

from accounts import looks
from accounts.access import open_account
from accounts.models import Account, Look, User
from tests.factories import NOON, AccountFactory, MembershipFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> Account:
    account: Account = AccountFactory.create()
    return account


@pytest.fixture
def agent_of_support() -> User:
    user: User = UserFactory.create(is_staff=True)
    user.groups.add(Group.objects.get(name="support"))
    return user


def look(user: User, account: Account, *, path: str = "/a/x/", address: str = "192.0.2.7") -> Look:
    return looks.record(access=open_account(user, account.public_id), path=path, address=address, now=NOON)


def test_a_look_says_who_looked_at_what_from_where_and_when(account: Account, agent_of_support: User) -> None:
    look(agent_of_support, account)
    kept = Look.objects.get()
    assert (kept.staff, kept.account, kept.path, kept.address, kept.at) == (
        agent_of_support,
        account,
        "/a/x/",
        "192.0.2.7",
        NOON,
    )


def test_members_are_not_watched(account: Account) -> None:
    with pytest.raises(ValueError, match="staff"):
        look(MembershipFactory.create(account=account).user, account)
    assert not Look.objects.exists()


@pytest.mark.parametrize(
    ("address", "kept"),
    [("2001:db8::1", "2001:db8::1"), ("fe80::1%eth0", "fe80::1"), ("", None), ("unix:", None), ("a, b", None)],
)
def test_an_address_that_is_none_does_not_stop_the_page(
    account: Account, agent_of_support: User, address: str, kept: str | None
) -> None:
    look(agent_of_support, account, address=address)
    assert Look.objects.get().address == kept


def test_a_long_path_is_cut(account: Account, agent_of_support: User) -> None:
    assert len(look(agent_of_support, account, path="/" + "x" * 3000).path) == looks.PATH_LENGTH


def test_a_look_can_be_neither_changed_nor_deleted(account: Account, agent_of_support: User) -> None:
    kept = look(agent_of_support, account)
    rows = Look.objects.filter(pk=kept.pk)
    with pytest.raises(ProgrammingError, match="Cannot update or delete"), transaction.atomic():
        rows.update(path="/elsewhere/")
    with pytest.raises(ProgrammingError, match="Cannot update or delete"), transaction.atomic():
        rows.delete()
    kept.refresh_from_db()
    assert kept.path == "/a/x/"
