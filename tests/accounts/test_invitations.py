"""An invitation's whole life over HTTP: sent, opened, accepted once, or too late."""

from __future__ import annotations

import re
import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.core import mail
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.access import open_account
from accounts.models import Account, Invitation, InvitationState, Membership, Role, User
from accounts.services import invitations
from accounts.services.invitations import InvitationClosed, Issued
from accounts.views.invitations import CLOSED, CLOSED_LOGIN, UNKNOWN
from tests.support.factories import AccountFactory, MembershipFactory, UserFactory
from tests.support.logins import ACTIVATE, code_of, log_in, new_secret, show_password
from tests.support.mails import sent_mails
from tests.support.pages import context, read

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer

pytestmark = pytest.mark.django_db

PASSWORD = "quiet harbour lantern"
LINK = re.compile(r"https?://[^/\s]+(/account/invitation/\S+)")
PAGE = "/account/invitation/"
JOIN = f"{PAGE}join/"
ACCEPT = f"{PAGE}accept/"


@pytest.fixture
def account() -> Account:
    account: Account = AccountFactory.create(number="A-20417", name="Zoë Chen")
    MembershipFactory.create(account=account, user__email="owner@example.com", user__name="Olga")
    return account


def issue(account: Account, email: str = "new@example.com", role: Role = Role.VIEWER) -> Issued:
    owner = User.objects.get(email="owner@example.com")
    return invitations.invite(
        account=account, email=email, role=role, source=Invitation.Source.MEMBER, by=owner, now=timezone.now()
    )


def path_of(link: str) -> str:
    found = LINK.search(link)
    assert found
    return found[1]


def open_link(client: Client, issued: Issued) -> Answer:
    return client.get(path_of(issued.link), follow=True)


def problem(answer: Answer) -> str:
    """Why the page says that the invitation does not work."""
    assert answer.status_code == 410
    told = str(context(answer)["problem"])
    assert told in read(answer).words
    return told


def test_from_the_mail_to_the_account(account: Account, client: Client, mailoutbox: list[Any]) -> None:
    assert invitations.send(issue(account))
    message = mailoutbox[0]
    assert message.to == ["new@example.com"]
    assert "owner@example.com invites you" in message.body
    page = client.get(path_of(message.body), follow=True)
    assert page.request["PATH_INFO"] == PAGE  # the token stands in no address that is kept or sent on
    assert context(page)["invitation"].invited_by.name == "Olga"
    shown = read(page).words
    assert [name for name in ("Olga", "Zoë Chen", "new@example.com") if name not in shown] == []

    answer = client.post(JOIN, {"name": "Nia", "password": PASSWORD}, follow=True)
    assert answer.request["PATH_INFO"] == f"/a/{account.public_id}/"
    user = User.objects.get(email="new@example.com")
    assert (user.name, user.memberships.get().role) == ("Nia", Role.VIEWER)
    assert EmailAddress.objects.get(user=user).verified
    assert Client().post("/account/login/", {"login": user.email, "password": PASSWORD})["Location"] == "/"


def test_the_link_is_in_the_mail_alone_and_only_its_digest_in_the_database(account: Account) -> None:
    issued = issue(account)
    token = issued.link.rstrip("/").rpartition("/")[2]
    assert len(token) >= 40
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(i)::text FROM accounts_invitation i")
        assert token not in str(cursor.fetchall())


def test_the_mail_is_also_in_the_portals_design_and_fetches_nothing(account: Account, mailoutbox: list[Any]) -> None:
    issued = issue(account)
    invitations.send(issued)
    html = mailoutbox[0].alternatives[0].content
    assert f'href="{issued.link}"' in html
    assert html.count("http") == 2  # the link, and its words
    assert "src=" not in html


def test_a_link_works_once(account: Account) -> None:
    issued = issue(account)
    first = Client()
    open_link(first, issued)
    first.post(JOIN, {"name": "Nia", "password": PASSWORD})
    second = Client()
    assert problem(open_link(second, issued)) == str(CLOSED[InvitationState.ACCEPTED])
    assert second.post(JOIN, {"name": "Eve", "password": PASSWORD})["Location"] == PAGE
    assert User.objects.filter(email="new@example.com").get().name == "Nia"


def test_a_link_that_is_too_old_says_so(account: Account, client: Client) -> None:
    with time_machine.travel(timezone.now() - invitations.LIFETIME - timedelta(minutes=1)):
        issued = issue(account)
    assert problem(open_link(client, issued)) == str(CLOSED[InvitationState.EXPIRED])
    assert client.post(JOIN, {"name": "Nia", "password": PASSWORD})["Location"] == PAGE
    assert not User.objects.filter(email="new@example.com").exists()


def test_a_link_that_grew_old_while_the_page_was_open_does_not_let_the_person_in(
    account: Account, client: Client
) -> None:
    issued = issue(account)
    open_link(client, issued)
    Invitation.objects.update(expires_at=timezone.now(), created_at=timezone.now() - timedelta(days=1))
    answer = client.post(JOIN, {"name": "Nia", "password": PASSWORD}, follow=True)
    assert problem(answer) == str(CLOSED[InvitationState.EXPIRED])


def test_an_invitation_taken_back_says_so(account: Account, client: Client) -> None:
    issued = issue(account)
    owner = open_account(User.objects.get(email="owner@example.com"), account.public_id)
    invitations.revoke(invitation=issued.invitation, by=owner, now=timezone.now())
    assert problem(open_link(client, issued)) == str(CLOSED[InvitationState.REVOKED])


def test_a_newer_link_makes_the_older_one_dead(account: Account, client: Client) -> None:
    first, second = issue(account), issue(account)
    assert problem(open_link(client, first)) == str(UNKNOWN)
    assert "Your name" in read(open_link(client, second)).fields
    assert Invitation.objects.count() == 1


def test_a_link_that_was_sent_to_no_one_says_so(client: Client) -> None:
    answer = client.get(f"{PAGE}{'x' * 43}/", follow=True)
    assert (answer.status_code, problem(answer)) == (410, str(UNKNOWN))


def test_a_person_who_has_a_login_uses_it(account: Account, client: Client) -> None:
    user = UserFactory.create(email="new@example.com")
    page = read(open_link(client, issue(account)))
    assert page.link("Log in to accept") == f"/account/login/?next={PAGE}"
    assert client.post(JOIN, {"name": "Eve", "password": PASSWORD})["Location"] == PAGE
    user.refresh_from_db()
    assert user.check_password("correct horse battery")

    login = client.post(
        "/account/login/", {"login": user.email, "password": "correct horse battery", "next": PAGE}, follow=True
    )
    assert "Accept" in [button.name for button in read(login).buttons]
    assert client.post(ACCEPT)["Location"] == f"/a/{account.public_id}/"
    assert user.memberships.get().account == account


def test_a_person_who_was_granted_access_and_has_no_password_chooses_one(account: Account, client: Client) -> None:
    user = User.objects.create_user("new@example.com")
    open_link(client, issue(account))
    client.post(JOIN, {"name": "Nia", "password": PASSWORD})
    user.refresh_from_db()
    assert user.check_password(PASSWORD)


def test_another_person_who_is_logged_in_is_told_so(account: Account, client: Client) -> None:
    other = UserFactory.create(email="other@example.com")
    client.force_login(other)
    page = read(open_link(client, issue(account)))
    (note,) = page.notes
    assert "new@example.com" in note
    assert "other@example.com" in note
    assert client.post(ACCEPT)["Location"] == PAGE
    assert not other.memberships.exists()


def test_a_closed_login_is_not_opened_by_an_invitation(account: Account, client: Client) -> None:
    UserFactory.create(email="new@example.com", is_active=False)
    assert problem(open_link(client, issue(account))) == str(CLOSED_LOGIN)
    assert client.post(JOIN, {"name": "Nia", "password": PASSWORD})["Location"] == PAGE


@pytest.mark.parametrize("password", ["short", "password123", "new@example.com", ""])
def test_a_weak_password_makes_no_login_and_keeps_the_link(account: Account, client: Client, password: str) -> None:
    issued = issue(account)
    open_link(client, issued)
    page = read(client.post(JOIN, {"name": "Nia", "password": password}))
    assert page.fields["Choose a password"].error
    assert not User.objects.filter(email="new@example.com").exists()
    assert "Your name" in read(open_link(client, issued)).fields


def test_an_owner_who_was_a_viewer_keeps_what_is_more(account: Account, client: Client) -> None:
    issued = issue(account, role=Role.OWNER)
    user = UserFactory.create(email="new@example.com")
    MembershipFactory.create(account=account, user=user, role=Role.VIEWER)
    client.force_login(user)
    open_link(client, issued)
    client.post(ACCEPT)
    assert user.memberships.get().role == Role.OWNER


def test_who_chooses_a_password_by_a_link_shows_the_second_factor_all_the_same(account: Account) -> None:
    user = UserFactory.create(email="new@example.com")
    keeper, _ = log_in(user)
    show_password(keeper)
    keeper.post(ACTIVATE, {"code": code_of(new_secret(keeper))})
    user.set_unusable_password()
    user.save()
    client = Client()
    open_link(client, issue(account))
    assert client.post(JOIN, {"name": "Nia", "password": PASSWORD})["Location"].startswith("/account/2fa/authenticate/")
    assert "_auth_user_id" not in client.session


@pytest.mark.usefixtures("transactional_db")
def test_owners_hear_of_a_new_member(account: Account, client: Client) -> None:
    open_link(client, issue(account))
    client.post(JOIN, {"name": "Nia", "password": PASSWORD})
    assert [(m.to, m.subject) for m in sent_mails()] == [(["owner@example.com"], "A new member of A-20417")]
    assert "new@example.com can see the account Zoë Chen" in str(mail.outbox[0].body)


@pytest.mark.usefixtures("transactional_db")
def test_a_link_opened_twice_at_once_is_used_once(account: Account) -> None:
    invitation = issue(account).invitation
    user = UserFactory.create(email="new@example.com")
    barrier = threading.Barrier(4)
    used: list[bool] = []

    def accept() -> None:
        barrier.wait(10)
        try:
            invitations.accept(invitation=invitation, user=user, now=timezone.now())
        except InvitationClosed:
            used.append(False)
        else:
            used.append(True)
        finally:
            connection.close()

    threads = [threading.Thread(target=accept) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(used) == [False, False, False, True]
    assert Membership.objects.filter(user=user).count() == 1


def test_links_cannot_be_tried_for_ever(client: Client) -> None:
    answers = [client.get(f"{PAGE}{n:043}/").status_code for n in range(32)]
    assert answers == [302] * 30 + [429] * 2
