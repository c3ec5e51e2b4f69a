from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.test import Client

from accounts.adapters.second_factor import SecondFactorAdapter
from accounts.models import User
from accounts.services import people
from tests.support.factories import NOON, UserFactory
from tests.support.logins import (
    ACTIVATE,
    CODES,
    DEACTIVATE,
    PASSWORD,
    SECURITY,
    code_of,
    enrol,
    is_logged_in,
    log_in,
    new_secret,
    show_password,
    wrong_code_of,
)
from tests.support.pages import context, read

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer

pytestmark = pytest.mark.django_db

PAGES = (
    SECURITY,
    ACTIVATE,
    DEACTIVATE,
    CODES,
    f"{CODES}generate/",
    f"{CODES}download/",
    "/account/2fa/reauthenticate/",
    "/account/2fa/webauthn/",
    "/account/2fa/webauthn/add/",
    "/account/2fa/webauthn/reauthenticate/",
    "/account/2fa/webauthn/keys/1/edit/",
    "/account/2fa/webauthn/keys/1/remove/",
    "/account/sessions/",
    "/account/reauthenticate/",
)


def code_error(answer: Answer) -> str:
    """What is said beside the field for a code."""
    page = read(answer)
    (error,) = [*filter(None, (field.error for field in page.fields.values()))] or page.notes
    return error


@pytest.fixture
def user() -> User:
    user: User = UserFactory.create()
    people.confirm_address(user)
    return user


@pytest.mark.parametrize("page", PAGES)
def test_a_visitor_without_a_login_sees_no_page_of_factors(client: Client, page: str) -> None:
    for answer in (client.get(page), client.post(page)):
        assert answer.status_code == 302
        assert answer["Location"].startswith("/account/login/?next=")


def test_a_code_cannot_be_asked_for_before_the_password(client: Client) -> None:
    assert client.get("/account/2fa/authenticate/")["Location"] == "/account/login/"


def test_who_was_made_on_a_command_line_adds_a_factor_after_a_forgotten_password_too(client: Client) -> None:
    user = User.objects.create_superuser("root@example.com", PASSWORD)
    client.post("/account/password/reset/", {"email": user.email})  # allauth notes the address, as not confirmed
    enrol(user)
    assert Authenticator.objects.filter(user=user).count() == 2


@pytest.mark.parametrize("page", [ACTIVATE, "/account/2fa/webauthn/add/"])
def test_a_factor_is_added_only_by_who_shows_the_password_again(user: User, page: str) -> None:
    client, _ = log_in(user)
    assert client.get(page)["Location"].startswith("/account/reauthenticate/?next=")
    client.post("/account/reauthenticate/", {"password": "not the password"})
    assert client.get(page).status_code == 302
    show_password(client)
    assert client.get(page).status_code == 200


def test_the_code_to_scan_keeps_to_the_content_security_policy(user: User) -> None:
    client, _ = log_in(user)
    show_password(client)
    page = client.get(ACTIVATE)
    assert b'<svg class="scan"' in page.content
    assert b"data:" not in page.content
    assert b"style=" not in page.content
    # The order of the directives is another one in each process.
    assert "img-src 'self'" in page.headers["Content-Security-Policy"].split("; ")


def test_after_enrolling_the_password_alone_opens_nothing(user: User) -> None:
    secret, _ = enrol(user)
    client, page = log_in(user)
    assert page.title == "One more step"
    assert not is_logged_in(client)
    client.post("/account/2fa/authenticate/", {"code": code_of(secret)})
    assert is_logged_in(client)


def test_a_wrong_code_is_refused_when_enrolling_and_when_logging_in(user: User) -> None:
    client, _ = log_in(user)
    show_password(client)
    secret = new_secret(client)
    assert code_error(client.post(ACTIVATE, {"code": wrong_code_of(secret)})) == "Incorrect code."
    assert not Authenticator.objects.exists()

    secret, _ = enrol(user)
    client, _ = log_in(user)
    answer = client.post("/account/2fa/authenticate/", {"code": wrong_code_of(secret)})
    assert code_error(answer) == "Incorrect code."
    assert not is_logged_in(client)


def test_codes_cannot_be_tried_for_ever(user: User) -> None:
    secret, _ = enrol(user)
    client, _ = log_in(user)
    for _ in range(6):
        answer = client.post("/account/2fa/authenticate/", {"code": wrong_code_of(secret)})
    assert code_error(answer).startswith("Too many failed login attempts")
    client.post("/account/2fa/authenticate/", {"code": code_of(secret)})
    assert not is_logged_in(client)


def test_a_code_of_the_app_works_once(user: User) -> None:
    secret, _ = enrol(user)
    code = code_of(secret)
    for expected in (True, False):
        client, _ = log_in(user)
        client.post("/account/2fa/authenticate/", {"code": code})
        assert is_logged_in(client) is expected


def test_a_recovery_code_works_once(user: User) -> None:
    _, codes = enrol(user)
    assert len(codes) == 10
    for expected in (True, False):
        client, _ = log_in(user)
        client.post("/account/2fa/authenticate/", {"code": codes[0]})
        assert is_logged_in(client) is expected


def test_recovery_codes_are_shown_only_to_who_shows_again_that_it_is_them(user: User) -> None:
    _, codes = enrol(user)
    client, _ = log_in(user)
    client.post("/account/2fa/authenticate/", {"code": codes[0]})
    for page in (CODES, f"{CODES}download/", f"{CODES}generate/"):
        assert client.get(page)["Location"].startswith("/account/reauthenticate/")
    show_password(client)
    assert [code.decode() for code in client.get(f"{CODES}download/").content.split()] == codes[1:]


def test_turning_the_app_off_needs_a_fresh_login(user: User) -> None:
    _, codes = enrol(user)
    client, _ = log_in(user)
    client.post("/account/2fa/authenticate/", {"code": codes[0]})
    assert client.post(DEACTIVATE)["Location"].startswith("/account/reauthenticate/")
    assert Authenticator.objects.filter(type=Authenticator.Type.TOTP).exists()
    show_password(client)
    assert client.post(DEACTIVATE)["Location"] == SECURITY
    assert not Authenticator.objects.exists()
    client, _ = log_in(user)
    assert is_logged_in(client)


def test_secrets_are_stored_so_that_only_the_portals_own_key_opens_them(user: User) -> None:
    secret, _ = enrol(user)
    stored = Authenticator.objects.get(type=Authenticator.Type.TOTP).data["secret"]
    assert secret not in stored
    assert SecondFactorAdapter().decrypt(stored) == secret
    assert "seed" in Authenticator.objects.get(type=Authenticator.Type.RECOVERY_CODES).data


def test_the_security_page_lists_where_one_is_logged_in(user: User) -> None:
    log_in(user, user_agent="Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) CriOS/140.0 Safari/604.1")
    client, _ = log_in(user, user_agent="Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/ Firefox/140.0")
    answer = client.get(SECURITY)
    assert [(session.device, session.is_this_one) for session in context(answer)["sessions"]] == [
        ("Firefox on Windows", True),
        ("Chrome on iPhone", False),
    ]
    this, other = read(answer).section("Where you are logged in").items
    assert (this.startswith("Firefox on Windows"), "This one" in this) == (True, True)
    assert (other.startswith("Chrome on iPhone"), "This one" in other) == (True, False)


def test_a_session_is_noted_once_a_minute_and_from_each_new_address(user: User) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        client, _ = log_in(user)
        client.get("/")
        clock.shift(timedelta(seconds=30))
        client.get("/")
        assert UserSession.objects.get(user=user).last_seen_at == NOON
        client.get("/", REMOTE_ADDR="203.0.113.9")
        assert UserSession.objects.get(user=user).ip == "203.0.113.9"
        clock.shift(timedelta(seconds=60))
        client.get("/", REMOTE_ADDR="203.0.113.9")
        assert UserSession.objects.get(user=user).last_seen_at == NOON + timedelta(seconds=90)


def test_an_address_with_a_zone_does_not_stop_the_page(user: User) -> None:
    client, _ = log_in(user)
    (session,) = context(client.get(SECURITY, REMOTE_ADDR="fe80::1%eth0"))["sessions"]
    assert session.ip == "fe80::1"


def test_ending_the_other_sessions_leaves_this_one_and_those_of_others(user: User) -> None:
    other, _ = log_in(user)
    stranger, _ = log_in(UserFactory.create())
    client, _ = log_in(user)
    assert client.post("/account/sessions/")["Location"].startswith("/account/reauthenticate/")
    assert is_logged_in(other)
    show_password(client)
    assert client.post("/account/sessions/")["Location"] == SECURITY
    assert is_logged_in(client)
    assert is_logged_in(stranger)
    assert not is_logged_in(other)
    assert UserSession.objects.filter(user=user).count() == 1
    assert "Log out everywhere else" not in [button.name for button in read(client.get(SECURITY)).buttons]


def test_a_changed_password_ends_the_other_sessions(user: User) -> None:
    other, _ = log_in(user)
    client, _ = log_in(user)
    answer = client.post(
        "/account/password/change/",
        {"oldpassword": PASSWORD, "password1": "staple battery horse", "password2": "staple battery horse"},
    )
    assert answer["Location"] == SECURITY
    assert is_logged_in(client)
    assert not is_logged_in(other)


def test_a_person_does_not_rename_or_remove_the_passkey_of_another(user: User) -> None:
    theirs = Authenticator.objects.create(
        user=UserFactory.create(), type=Authenticator.Type.WEBAUTHN, data={"name": "Theirs", "credential": {}}
    )
    client, _ = log_in(user)
    show_password(client)
    for verb in ("edit", "remove"):
        assert client.post(f"/account/2fa/webauthn/keys/{theirs.pk}/{verb}/", {"name": "Mine"}).status_code == 404
    theirs.refresh_from_db()
    assert theirs.data["name"] == "Theirs"


NO_PASSKEYS = (
    "",
    "[]",
    "1",
    "null",
    '{"id": "AA"}',
    '{"id": "AA", "rawId": "AA", "type": "public-key", "response": {"userHandle": "_w"}}',
    '{"id": "AA", "rawId": "AA", "type": "public-key", "response": '
    '{"userHandle": "MQ", "clientDataJSON": "AA", "authenticatorData": "AA", "signature": "AA"}}',
)


@pytest.mark.parametrize("credential", NO_PASSKEYS)
def test_a_passkey_that_is_none_is_refused(client: Client, credential: str) -> None:
    client.get("/account/2fa/webauthn/login/", headers={"accept": "application/json"})
    answer = client.post("/account/2fa/webauthn/login/", {"credential": credential}, follow=True)
    assert read(answer).notes
    assert not is_logged_in(client)


@pytest.mark.parametrize("credential", NO_PASSKEYS)
def test_no_passkey_is_added_that_is_none(user: User, credential: str) -> None:
    client, _ = log_in(user)
    show_password(client)
    client.get("/account/2fa/webauthn/add/")
    answer = client.post("/account/2fa/webauthn/add/", {"name": "Mine", "credential": credential})
    assert answer.status_code == 200
    assert not Authenticator.objects.exists()


@pytest.mark.parametrize("credential", NO_PASSKEYS)
def test_a_passkey_that_is_none_is_no_second_factor(user: User, credential: str) -> None:
    enrol(user)
    client, _ = log_in(user)
    answer = client.post("/account/2fa/authenticate/", {"credential": credential})
    assert read(answer).notes
    assert not is_logged_in(client)
