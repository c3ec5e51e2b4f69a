from __future__ import annotations

from datetime import datetime, timedelta
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts.models import Account, Invitation, Switch, User
from tests.support.commands import run
from tests.support.factories import MembershipFactory

pytestmark = pytest.mark.django_db


def test_it_says_everything_as_json(switch: Switch) -> None:
    ran = run("invite", "Zoe@Example.com", "demo", "A-20417", "--role", "viewer", "--json")
    assert ran.code == 0
    assert ran.data.keys() == {"email", "account", "role", "link", "expires"}
    account = Account.objects.get(number="A-20417")
    assert (ran.data["email"], ran.data["account"], ran.data["role"]) == (
        "zoe@example.com",
        account.public_id,
        "viewer",
    )
    assert ran.data["link"].startswith(f"{settings.PUBLIC_URL}/account/invitation/")
    left = datetime.fromisoformat(ran.data["expires"]) - timezone.now()
    assert timedelta(days=6) < left <= timedelta(days=7)


def test_the_link_that_is_printed_lets_in(switch: Switch, client: Client) -> None:
    ran = run("invite", "zoe@example.com", "demo", "A-20417")
    client.get(urlsplit(ran.out.strip()).path)
    client.post("/account/invitation/join/", {"name": "Zoë", "password": "quiet harbour lantern"})
    membership = User.objects.get().memberships.get()
    assert (membership.account.number, membership.role) == ("A-20417", "owner")


@pytest.mark.parametrize(("options", "mails"), [((), 0), (("--mail",), 1)])
def test_a_mail_is_sent_where_it_is_asked_for(switch: Switch, options: tuple[str, ...], mails: int) -> None:
    ran = run("invite", "zoe@example.com", "demo", "A-20417", "--json", *options)
    assert len(mail.outbox) == mails
    assert all(ran.data["link"] in str(message.body) for message in mail.outbox)


@pytest.mark.parametrize(
    ("argv", "code"),
    [
        (("nobody", "demo", "A-20417"), 2),
        (("zoe@example.com", "nowhere", "A-20417"), 2),
        (("zoe@example.com", "demo", "A-20417", "--role", "king"), 2),
        (("zoe@example.com", "demo", "A-99999"), 1),
    ],
)
def test_what_makes_no_sense_makes_no_invitation(switch: Switch, argv: tuple[str, ...], code: int) -> None:
    ran = run("invite", *argv, "--json")
    assert (ran.code, ran.out) == (code, "")
    assert ran.err.strip()
    assert not Invitation.objects.exists()


def test_a_member_is_not_invited_again(switch: Switch) -> None:
    run("invite", "other@example.com", "demo", "A-20417")
    MembershipFactory.create(user__email="zoe@example.com", account=Account.objects.get(number="A-20417"))
    ran = run("invite", "zoe@example.com", "demo", "A-20417")
    assert (ran.code, "already" in ran.err) == (1, True)
