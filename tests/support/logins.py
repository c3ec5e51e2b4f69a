"""Logging in as people do: with a password, a second factor, or both again."""

from __future__ import annotations

import re

from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.test import Client

from accounts.models import User

PASSWORD = "correct horse battery"
NEW_PASSWORD = "staple battery horse"
SECURITY = "/account/2fa/"
ACTIVATE = "/account/2fa/totp/activate/"
DEACTIVATE = "/account/2fa/totp/deactivate/"
CODES = "/account/2fa/recovery-codes/"


def log_in(user: User, **headers: str) -> tuple[Client, str]:
    """A browser of their own, and the page after the password."""
    client = Client(headers=headers)
    answer = client.post("/account/login/", {"login": user.email, "password": PASSWORD}, follow=True)
    return client, answer.content.decode()


def show_password(client: Client) -> None:
    client.post("/account/reauthenticate/", {"password": PASSWORD})


def code_of(secret: str) -> str:
    return str(format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time()))))


def wrong_code_of(secret: str) -> str:
    return f"{(int(code_of(secret)) + 1) % 1_000_000:06}"


def new_secret(client: Client) -> str:
    found = re.search(r'id="authenticator_secret">([A-Z2-7]+)<', client.get(ACTIVATE).content.decode())
    assert found
    return found[1]


def enrol(user: User) -> tuple[str, list[str]]:
    """The secret in the person's app, and their recovery codes."""
    client, _ = log_in(user)
    show_password(client)
    secret = new_secret(client)
    answer = client.post(ACTIVATE, {"code": code_of(secret)})
    assert answer["Location"] == CODES
    return secret, re.findall(r"<li>(\d{8})</li>", client.get(CODES).content.decode())


def is_logged_in(client: Client) -> bool:
    return client.get(SECURITY).status_code == 200


def logged_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def freshly_logged_in(user: User) -> Client:
    """A login whose password was shown again a moment ago, as sensitive pages ask for."""
    client = logged_in(user)
    show_password(client)
    return client
