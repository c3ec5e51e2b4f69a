"""What is done to a login is told by mail to whom it belongs."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from datetime import timedelta
from smtplib import SMTPRecipientsRefused
from typing import Any
from unittest.mock import patch

import pytest
from django.conf import settings
from django.core import mail
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.core.mail.backends.locmem import EmailBackend
from django.db import transaction
from django.utils import timezone

from accounts.models import KnownBrowser, Notice, Role, User
from accounts.services import memberships, notices, people
from accounts.services.mail_retries import Mailed
from portal.tasks import send_notices
from tests.support.factories import NOON, MembershipFactory, UserFactory
from tests.support.logins import (
    ACTIVATE,
    DEACTIVATE,
    NEW_PASSWORD,
    PASSWORD,
    code_of,
    log_in,
    new_secret,
    show_password,
)
from tests.support.mails import sent_mails
from tests.support.pages import context, read

pytestmark = pytest.mark.django_db

PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) CriOS/140.0 Safari/604.1"
LINK = re.compile(r"https?://[^/\s]+(/account/confirm-email/\S+)")


@pytest.fixture
def user() -> User:
    user: User = UserFactory.create(email="zoe@example.com")
    people.confirm_address(user)
    return user


def subjects() -> list[str]:
    assert all(message.to == ["zoe@example.com"] for message in sent_mails())
    return [str(message.subject) for message in mail.outbox]


def test_a_login_with_a_browser_that_is_not_known_is_told(user: User) -> None:
    log_in(user)
    assert subjects() == []  # there is no one to be warned yet
    log_in(user, user_agent=PHONE)
    assert subjects() == ["A login with a browser that we do not know"]
    assert "Chrome on iPhone, from 127.0.0.1" in str(mail.outbox[0].body)
    assert f"{settings.PUBLIC_URL}/account/2fa/" in str(mail.outbox[0].body)


def test_a_browser_that_is_known_is_not_told_again(user: User) -> None:
    log_in(user)
    client, _ = log_in(user, user_agent=PHONE)
    client.post("/account/logout/")
    client.post("/account/login/", {"login": user.email, "password": PASSWORD})
    assert len(subjects()) == 1
    assert KnownBrowser.objects.filter(user=user).count() == 2


def test_a_browser_known_to_one_is_new_to_another(user: User) -> None:
    log_in(user)
    theirs, _ = log_in(UserFactory.create())
    theirs.post("/account/logout/")
    theirs.post("/account/login/", {"login": user.email, "password": PASSWORD})
    assert len(subjects()) == 1


def test_the_token_of_a_browser_is_only_in_its_cookie(user: User) -> None:
    client, _ = log_in(user)
    cookie = client.cookies[settings.BROWSER_COOKIE_NAME]
    assert (cookie["httponly"], cookie["samesite"], cookie["secure"]) == (True, "Lax", settings.HTTPS or "")
    assert KnownBrowser.objects.get().digest != cookie.value


@pytest.mark.usefixtures("transactional_db")
def test_changed_factors_are_told_in_the_portals_own_words(user: User) -> None:
    client, _ = log_in(user, user_agent=PHONE)
    show_password(client)
    client.post(ACTIVATE, {"code": code_of(new_secret(client))})
    client.post(DEACTIVATE)
    assert subjects() == [
        "An authenticator app was added",
        "Your authenticator app was removed",
    ]
    for message in mail.outbox:
        assert "with Chrome on iPhone, from 127.0.0.1" in str(message.body)
        assert "Two-Factor" not in str(message.body)


def test_a_changed_password_is_told(user: User) -> None:
    client, _ = log_in(user)
    new = {"oldpassword": PASSWORD, "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    client.post("/account/password/change/", new)
    assert subjects() == ["Your password was changed"]


def test_an_address_changes_once_its_mailbox_is_shown_to_be_theirs(user: User) -> None:
    client, _ = log_in(user)
    asked_for = {"email": "New@example.com", "action_add": ""}
    asked = client.post("/account/email/", asked_for)
    assert asked["Location"].startswith("/account/reauthenticate/")
    page = client.post(asked["Location"], {"password": PASSWORD}, follow=True)
    assert context(page)["new_emailaddress"].email == "new@example.com"
    assert "new@example.com" in read(page).words
    user.refresh_from_db()
    assert user.email == "zoe@example.com"
    link = LINK.search(str(mail.outbox[-1].body))
    assert link is not None
    assert mail.outbox[-1].to == ["new@example.com"]
    assert context(client.get(link[1]))["email"] == "new@example.com"
    client.post(link[1])
    user.refresh_from_db()
    assert user.email == "new@example.com"
    # The one that no longer counts hears of it.
    assert (sent_mails()[-1].to, mail.outbox[-1].subject) == (["zoe@example.com"], "Your address is another one now")
    assert read(client.get(link[1])).title == "This link no longer works"


@pytest.mark.parametrize("has_row", [True, False])
def test_a_person_cannot_take_an_address_that_another_login_has(user: User, has_row: bool) -> None:
    other = UserFactory.create(email="taken@example.com")
    if has_row:
        people.confirm_address(other)
    client, _ = log_in(user)
    show_password(client)
    client.post("/account/email/", {"email": "taken@example.com", "action_add": ""})
    for message in mail.outbox:
        for path in LINK.findall(str(message.body)):
            assert client.post(path, follow=True).status_code == 200
    user.refresh_from_db()
    assert user.email == "zoe@example.com"


@pytest.mark.parametrize("verb", ["action_primary", "action_remove"])
def test_an_address_is_not_taken_without_its_link(verb: str) -> None:
    user = User.objects.create_superuser("root@example.com", PASSWORD)  # whose address was not confirmed
    client, _ = log_in(user)
    show_password(client)
    client.post("/account/email/", {"email": "victim@example.com", "action_add": ""})
    client.post("/account/email/", {"email": "victim@example.com", verb: ""})
    client.post("/account/email/", {"email": "root@example.com", "action_remove": ""})
    user.refresh_from_db()
    assert user.email == "root@example.com"


def test_who_has_no_password_sets_one_only_after_a_fresh_login(user: User) -> None:
    client, _ = log_in(user)
    show_password(client)
    client.post(ACTIVATE, {"code": code_of(new_secret(client))})
    user.set_unusable_password()
    user.save()
    client.force_login(user)
    new = {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    answer = client.post("/account/password/set/", new, follow=True)
    assert answer.request["PATH_INFO"] == "/account/2fa/reauthenticate/"
    assert "staple" not in str(dict(client.session))  # where what waits for a fresh login is kept
    user.refresh_from_db()
    assert not user.has_usable_password()


@pytest.fixture
def no_redis() -> Iterator[None]:
    url, settings.REDIS_URL = settings.REDIS_URL, "redis://127.0.0.1:1/0"
    yield
    settings.REDIS_URL = url


@pytest.mark.usefixtures("no_redis")
def test_people_log_in_and_out_and_are_limited_while_redis_is_down(user: User) -> None:
    MembershipFactory.create(user=user)
    client, page = log_in(user)
    assert "Log out" in [button.name for button in page.buttons]
    client.post("/account/logout/")
    for _ in range(6):
        answer = client.post("/account/login/", {"login": user.email, "password": "wrong"})
    assert [note for note in read(answer).notes if note.startswith("Too many failed login attempts")]


def test_a_person_does_not_wait_for_a_mail_server_that_hangs(user: User, settings: Any) -> None:
    log_in(user)
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.EMAIL_HOST, settings.EMAIL_PORT = silent.getsockname()
        log_in(user, user_agent=PHONE)
        silent.setblocking(False)
        with pytest.raises(BlockingIOError):
            silent.accept()
    assert Notice.objects.get().next_attempt_at is not None


def test_a_notice_is_written_with_what_it_tells_of_or_not_at_all() -> None:
    account = MembershipFactory.create().account
    nia = UserFactory.create(email="nia@example.com")
    with transaction.atomic():
        memberships.grant(email=nia.email, account=account, role=Role.VIEWER, now=NOON)
        assert Notice.objects.count() == 1
        transaction.set_rollback(True)
    assert not Notice.objects.exists()


def test_a_notice_goes_out_once_however_often_the_task_runs(user: User) -> None:
    notices.factors_forgotten(user, now=NOON)
    send_notices()
    send_notices()
    assert notices.send_due(now=timezone.now()) == Mailed()
    assert [message.subject for message in mail.outbox] == ["Your second factor was removed"]
    assert mail.outbox[0].extra_headers["Message-ID"].startswith("<notice-")
    assert isinstance(mail.outbox[0], EmailMultiAlternatives)


def test_what_was_sent_is_forgotten_after_a_month_and_what_is_owed_is_not(user: User) -> None:
    notices.factors_forgotten(user, now=NOON)
    assert notices.forget(before=NOON + timedelta(days=1)) == 0
    notices.send_due(now=NOON)
    assert notices.forget(before=NOON) == 0
    assert notices.forget(before=NOON + timedelta(days=1)) == 1


def test_an_address_that_does_not_exist_keeps_no_mail_from_the_others() -> None:
    account = MembershipFactory.create(user__email="gone@example.com").account
    MembershipFactory.create(account=account, user__email="zoe@example.com")
    send = EmailBackend.send_messages

    def refuse(self: EmailBackend, messages: list[EmailMessage]) -> int:
        if "gone@example.com" in messages[0].to:
            raise SMTPRecipientsRefused({"gone@example.com": (550, b"no such user")})
        return send(self, messages)

    with patch.object(EmailBackend, "send_messages", refuse):
        notices.member_joined(MembershipFactory.create(account=account), now=NOON)
        assert notices.send_due(now=NOON) == Mailed(sent=1, failed=1)
    assert [message.subject for message in mail.outbox] == [f"A new member of {account.number}"]
