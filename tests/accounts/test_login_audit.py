"""What the audit trail says of logins, by whichever page they happen."""

from __future__ import annotations

import pytest
from allauth.mfa.models import Authenticator
from django.core import mail
from django.test import Client

from accounts.models import AuditAction, AuditEntry, User
from accounts.services.people import confirm_address
from tests.support.factories import UserFactory
from tests.support.logins import code_of, freshly_logged_in, give_app, show_password
from tests.support.staffsite import list_of, staff

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"


def trail(user: User) -> list[tuple[str, str, str]]:
    """What was done to a person's login: as what, what, and the words beside it; oldest first."""
    entries = AuditEntry.objects.filter(subject_type="accounts.user", subject_id=str(user.pk)).order_by("id")
    return [(entry.role, entry.action, entry.text) for entry in entries]


def log_in(client: Client, email: str, password: str = PASSWORD) -> None:
    client.post("/account/login/", {"login": email, "password": password})


def test_a_login_a_failed_one_and_a_logout_are_on_record(client: Client) -> None:
    user: User = UserFactory.create()
    log_in(client, user.email, "not the password")
    log_in(client, user.email.upper())
    client.post("/account/logout/")
    assert trail(user) == [
        ("not logged in", "login_failed", ""),
        ("member", "logged_in", ""),
        ("member", "logged_out", ""),
    ]
    assert {entry.address for entry in AuditEntry.objects.all()} == {"127.0.0.1"}


def test_what_was_typed_for_an_address_is_kept_nowhere(client: Client) -> None:
    log_in(client, "my-secret@phrase.example", "whatever it was")
    entry = AuditEntry.objects.get(action=AuditAction.LOGIN_FAILED)
    assert (entry.user, entry.subject, entry.text) == (None, "", "No user has this address.")
    assert "phrase" not in str(list(AuditEntry.objects.values()))


def test_passwords_are_on_record_when_they_change_and_never_themselves(client: Client) -> None:
    user: User = UserFactory.create()
    log_in(client, user.email)
    new = "quiet harbour lantern"
    client.post("/account/password/change/", {"oldpassword": PASSWORD, "password1": new, "password2": new})
    assert ("member", "password_set", "") in trail(user)
    assert new not in str(list(AuditEntry.objects.values()))


@pytest.mark.django_db(transaction=True)  # allauth says so after the commit
def test_factors_are_on_record_when_they_come_and_go(client: Client) -> None:
    user: User = UserFactory.create()
    confirm_address(user)
    log_in(client, user.email)
    client.post("/account/reauthenticate/", {"password": PASSWORD})
    page = client.get("/account/2fa/totp/activate/").context["form"]
    client.post("/account/2fa/totp/activate/", {"code": code_of(page.secret)})
    client.post("/account/2fa/totp/deactivate/")
    done = [line for line in trail(user) if "factor" in line[1]]
    assert ("member", "factor_added", "TOTP Authenticator") in done
    assert ("member", "factor_removed", "TOTP Authenticator") in done
    assert page.secret not in str(list(AuditEntry.objects.values()))


def test_a_wrong_code_is_a_failed_login(client: Client) -> None:
    user: User = UserFactory.create()
    give_app(user)
    log_in(client, user.email)
    client.post("/account/2fa/authenticate/", {"code": "000000"})
    assert trail(user)[-1] == ("not logged in", "login_failed", "TOTP Authenticator")
    assert not any(action == "logged_in" for _, action, _ in trail(user))


def test_ending_the_other_sessions_is_on_record(client: Client) -> None:
    user: User = UserFactory.create()
    log_in(client, user.email)
    show_password(client)
    client.post("/account/sessions/")
    assert trail(user)[-1] == ("member", "logged_out", "every other session")


def test_what_an_operator_does_to_a_login_is_on_record() -> None:
    user: User = UserFactory.create()
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={})
    client = freshly_logged_in(staff("operator"))
    for action in ("send_password_mail", "forget_factors"):
        client.post(list_of(User), {"action": action, "_selected_action": [user.pk]})
    assert trail(user) == [
        ("operator", "resent", "the mail to choose a password"),
        ("operator", "factor_removed", "authenticator app, recovery codes and passkeys"),
    ]
    assert mail.outbox
