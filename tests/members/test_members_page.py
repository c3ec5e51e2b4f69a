from __future__ import annotations

import smtplib
import threading
from datetime import timedelta
from typing import TYPE_CHECKING
from unittest.mock import patch

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.access import open_account
from accounts.actions import Action
from accounts.models import Account, AuditAction, AuditEntry, Invitation, Membership, Role, User
from accounts.services import memberships as services
from accounts.services.last_owner import LastOwner
from billing.members.views.members import ENDED, LAST_OWNER, NOT_MAILED
from tests.support.factories import AccountFactory, InvitationFactory, MembershipFactory, UserFactory
from tests.support.mails import sent_mails
from tests.support.pages import context, read
from tests.support.staffsite import page_of, staff

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse battery"


@pytest.fixture
def account() -> Account:
    account: Account = AccountFactory.create(number="A-20417", balance_at=timezone.now())
    return account


@pytest.fixture
def owner(account: Account) -> User:
    user: User = MembershipFactory.create(account=account, user__email="olga@example.com").user
    return user


def logged_in(user: User, *, fresh: bool = True) -> Client:
    client = Client()
    client.force_login(user)
    if fresh:
        client.post("/account/reauthenticate/", {"password": PASSWORD})
    return client


def told(answer: Answer) -> list[str]:
    """What the next page tells of what was done."""
    return [str(message) for message in context(answer)["messages"]]


def place(account: Account, rest: str = "members/") -> str:
    return f"/a/{account.public_id}/{rest}"


def test_an_owner_sees_members_and_invitations(account: Account, owner: User) -> None:
    MembershipFactory.create(account=account, user__email="vera@example.com", role=Role.VIEWER)
    InvitationFactory.create(account=account, email="invited@example.com")
    now = timezone.now()
    InvitationFactory.create(account=account, email="late@example.com", created_at=now - timedelta(8), expires_at=now)
    answer = logged_in(owner).get(place(account))
    assert [membership.user.email for membership in context(answer)["memberships"]] == [
        "olga@example.com",
        "vera@example.com",
    ]
    assert {invitation.email: is_expired for invitation, is_expired in context(answer)["invited"]} == {
        "invited@example.com": False,
        "late@example.com": True,
    }
    page = read(answer)
    assert page.title == "Members"
    members, invitations = page.section("Members").items, page.section("Invitations").items
    assert ["olga@" in members[0], "vera@" in members[1]] == [True, True]
    assert ["Expired" in shown for shown in invitations if "late@" in shown] == [True]
    assert ["Expired" in shown for shown in invitations if "invited@" in shown] == [False]


@pytest.mark.parametrize("role", [Role.VIEWER, None])
def test_other_people_do_not_see_them(account: Account, role: Role | None) -> None:
    user = UserFactory.create()
    if role:
        MembershipFactory.create(account=account, user=user, role=role)
    client = logged_in(user)
    assert client.get(place(account)).status_code == 404
    assert (
        client.post(place(account, "members/invite/"), {"email": "a@example.com", "role": "owner"}).status_code == 404
    )
    assert not Invitation.objects.exists()


def test_an_owner_of_the_agent_above_is_no_owner_of_the_account(account: Account, owner: User) -> None:
    agent = AccountFactory.create(switch=account.switch, is_agent=True)
    Account.objects.filter(pk=account.pk).update(parent=agent)
    above = MembershipFactory.create(account=agent).user
    assert logged_in(above).get(place(account)).status_code == 404
    MembershipFactory.create(account=account, user=above)
    assert logged_in(above).get(place(account)).status_code == 200


def test_an_owner_invites_after_showing_again_who_they_are(account: Account, owner: User) -> None:
    client = logged_in(owner, fresh=False)
    asked_for = {"email": "Nia@Example.com", "role": "viewer"}
    asked = client.post(place(account, "members/invite/"), asked_for)
    assert asked["Location"].startswith("/account/reauthenticate/?next=")
    assert not Invitation.objects.exists()
    # What was posted is kept meanwhile, and not posted twice.
    done = client.post(asked["Location"], {"password": PASSWORD}, follow=True)
    (sentence,) = told(done)
    assert "nia@example.com" in sentence
    invitation = Invitation.objects.get()
    assert (invitation.email, invitation.role, invitation.invited_by) == ("nia@example.com", "viewer", owner)
    assert [message.to for message in mail.outbox] == [["nia@example.com"]]


@pytest.mark.parametrize(
    ("email", "role", "field", "sentence"),
    [
        ("nobody", "viewer", "E-mail address", "This is no e-mail address."),
        ("", "viewer", "E-mail address", "Enter an address."),
        ("OLGA@example.com", "viewer", "E-mail address", "is a member already"),
        ("a@example.com", "king", "May do", "Select a valid choice"),
    ],
)
def test_an_invitation_that_cannot_be_says_why(
    account: Account, owner: User, email: str, role: str, field: str, sentence: str
) -> None:
    answer = logged_in(owner).post(place(account, "members/invite/"), {"email": email, "role": role})
    assert sentence in read(answer).fields[field].error
    assert not mail.outbox


def test_a_mail_that_cannot_be_sent_leaves_an_invitation_that_can_be_sent_again(account: Account, owner: User) -> None:
    client = logged_in(owner)
    with patch("django.core.mail.backends.locmem.EmailBackend.send_messages", side_effect=smtplib.SMTPException):
        answer = client.post(
            place(account, "members/invite/"), {"email": "nia@example.com", "role": "viewer"}, follow=True
        )
    assert told(answer) == [str(NOT_MAILED)]
    again = client.post(place(account, f"invitations/{Invitation.objects.get().pk}/resend/"), follow=True)
    (sentence,) = told(again)
    assert "nia@example.com" in sentence
    assert len(mail.outbox) == 1


def test_sending_again_makes_another_link(account: Account, owner: User) -> None:
    invitation = InvitationFactory.create(account=account)
    logged_in(owner).post(place(account, f"invitations/{invitation.pk}/resend/"))
    before = invitation.digest
    invitation.refresh_from_db()
    assert invitation.digest != before
    assert mail.outbox[0].to == [invitation.email]


def test_an_owner_does_not_send_mails_without_end(account: Account, owner: User) -> None:
    client = logged_in(owner)
    codes = [
        client.post(place(account, "members/invite/"), {"email": f"p{n}@example.com", "role": "viewer"}).status_code
        for n in range(22)
    ]
    assert codes == [302] * 20 + [429] * 2
    assert len(mail.outbox) == 20


def test_an_invitation_is_taken_back_once(account: Account, owner: User) -> None:
    invitation = InvitationFactory.create(account=account)
    client = logged_in(owner)
    path = place(account, f"invitations/{invitation.pk}/revoke/")
    (sentence,) = told(client.post(path, follow=True))
    assert invitation.email in sentence
    invitation.refresh_from_db()
    assert invitation.revoked_at is not None
    assert told(client.post(path, follow=True)) == [str(ENDED)]
    resent = client.post(place(account, f"invitations/{invitation.pk}/resend/"), follow=True)
    assert told(resent) == [str(ENDED)]


def test_nothing_of_another_account_is_reached_through_ones_own(account: Account, owner: User) -> None:
    theirs = MembershipFactory.create()
    invitation = InvitationFactory.create()
    client = logged_in(owner)
    for path in (
        f"members/{theirs.pk}/role/",
        f"members/{theirs.pk}/remove/",
        f"invitations/{invitation.pk}/resend/",
        f"invitations/{invitation.pk}/revoke/",
    ):
        assert client.post(place(account, path), {"role": "viewer"}).status_code == 404
    theirs.refresh_from_db()
    invitation.refresh_from_db()
    assert (theirs.role, invitation.revoked_at) == (Role.OWNER, None)


@pytest.mark.usefixtures("transactional_db")
def test_a_changed_role_is_told_to_whom_it_concerns(account: Account, owner: User) -> None:
    viewer = MembershipFactory.create(account=account, user__email="vera@example.com", role=Role.VIEWER)
    logged_in(owner).post(place(account, f"members/{viewer.pk}/role/"), {"role": "owner"})
    viewer.refresh_from_db()
    assert viewer.role == Role.OWNER
    assert sorted(message.to[0] for message in sent_mails()) == ["olga@example.com", "vera@example.com"]
    assert "vera@example.com is an owner of the account" in str(mail.outbox[0].body)


@pytest.mark.usefixtures("transactional_db")
def test_a_removed_member_sees_the_account_no_longer_and_is_told(account: Account, owner: User) -> None:
    viewer = MembershipFactory.create(account=account, user__email="vera@example.com", role=Role.VIEWER)
    client = logged_in(owner)
    path = place(account, f"members/{viewer.pk}/remove/")
    asked = client.get(path)
    assert (context(asked)["membership"], context(asked)["is_oneself"]) == (viewer, False)
    assert "vera@example.com" in read(asked).words
    (sentence,) = told(client.post(path, follow=True))
    assert "vera@example.com" in sentence
    assert logged_in(viewer.user).get(place(account, "")).status_code == 404
    assert sorted(message.to[0] for message in sent_mails()) == ["olga@example.com", "vera@example.com"]


@pytest.mark.parametrize("how", ["remove", "demote", "staff remove", "staff demote"])
def test_who_is_taken_what_they_might_do_comes_back_by_no_invitation(account: Account, owner: User, how: str) -> None:
    eve = MembershipFactory.create(account=account, user__email="eve@example.com")
    InvitationFactory.create(account=account, email="eve@example.com", role=Role.OWNER)
    InvitationFactory.create(account=account, email="accomplice@example.com", role=Role.OWNER, invited_by=eve.user)
    InvitationFactory.create(account=account, email="welcome@example.com", invited_by=owner)
    elsewhere = InvitationFactory.create(email="eve@example.com")
    client = logged_in(staff("operator") if "staff" in how else owner)
    match how:
        case "remove":
            client.post(place(account, f"members/{eve.pk}/remove/"))
        case "demote":
            client.post(place(account, f"members/{eve.pk}/role/"), {"role": "viewer"})
        case "staff remove":
            client.post(reverse("admin:accounts_membership_delete", args=[eve.pk]), {"post": "yes"})
        case "staff demote":
            client.post(page_of(eve), {"role": "viewer"})
    assert not Membership.objects.filter(pk=eve.pk, role=Role.OWNER).exists()
    usable = Invitation.objects.filter(revoked_at=None).order_by("id")
    assert [invitation.email for invitation in usable] == ["welcome@example.com", elsewhere.email]
    assert AuditEntry.objects.filter(account=account, action=AuditAction.REVOKED).count() == 2


def test_what_owners_do_among_members_is_on_record(account: Account, owner: User) -> None:
    viewer = MembershipFactory.create(account=account, user__email="vera@example.com", role=Role.VIEWER)
    client = logged_in(owner)
    client.post(place(account, "members/invite/"), {"email": "nia@example.com", "role": "viewer"})
    invitation = Invitation.objects.get()
    client.post(place(account, f"invitations/{invitation.pk}/resend/"))
    client.post(place(account, f"invitations/{invitation.pk}/revoke/"))
    client.post(place(account, f"members/{viewer.pk}/role/"), {"role": "owner"})
    client.post(place(account, f"members/{viewer.pk}/remove/"))
    entries = AuditEntry.objects.filter(account=account, user=owner).order_by("id")
    wanted = ["INVITED", "RESENT", "REVOKED", "CHANGED", "REMOVED"]
    assert [AuditAction(entry.action).name for entry in entries] == wanted
    assert entries[3].changes == {"role": ["viewer", "owner"]}


def test_the_last_owner_stays(account: Account, owner: User) -> None:
    mine = owner.memberships.get()
    MembershipFactory.create(account=account, role=Role.VIEWER)
    MembershipFactory.create(account=account, user__is_active=False)  # who cannot log in owns nothing any more
    client = logged_in(owner)
    for path, data in ((f"members/{mine.pk}/role/", {"role": "viewer"}), (f"members/{mine.pk}/remove/", {})):
        assert told(client.post(place(account, path), data, follow=True)) == [str(LAST_OWNER)]
    mine.refresh_from_db()
    assert mine.role == Role.OWNER


def test_one_of_two_owners_may_leave(account: Account, owner: User) -> None:
    MembershipFactory.create(account=account)
    client = logged_in(owner)
    assert client.post(place(account, f"members/{owner.memberships.get().pk}/remove/"))["Location"] == "/"
    assert not owner.memberships.exists()


@pytest.mark.usefixtures("transactional_db")
@pytest.mark.parametrize("how", ["remove", "demote"])
def test_two_owners_who_remove_each_other_at_once_leave_one(account: Account, owner: User, how: str) -> None:
    second = MembershipFactory.create(account=account)
    pair = [owner.memberships.get(), second]
    barrier = threading.Barrier(2)
    refused: list[Membership] = []

    def act(membership: Membership) -> None:
        by = open_account(membership.user, account.public_id, Action.MANAGE_MEMBERS)
        other = next(one for one in pair if one != membership)
        barrier.wait(10)
        try:
            if how == "remove":
                services.remove(membership=other, by=by, now=timezone.now())
            else:
                services.change_role(membership=other, role=Role.VIEWER, by=by, now=timezone.now())
        except LastOwner:
            refused.append(other)
        finally:
            connection.close()

    threads = [threading.Thread(target=act, args=[membership]) for membership in pair]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(refused) == 1
    assert list(account.memberships.filter(role=Role.OWNER)) == refused


def test_support_looks_and_sends_again_and_changes_nothing(account: Account, owner: User) -> None:
    invitation = InvitationFactory.create(account=account)
    client = logged_in(staff("support"))
    page = read(client.get(place(account)))
    assert [button.name for button in page.section("Invitations").buttons] == [f"Send again to {invitation.email}"]
    assert place(account, "members/invite/") not in {link.address for link in page.links}
    assert client.post(place(account, f"invitations/{invitation.pk}/resend/")).status_code == 302
    assert mail.outbox[0].to == [invitation.email]
    for path in ("members/invite/", f"invitations/{invitation.pk}/revoke/"):
        assert client.post(place(account, path)).status_code == 404
