"""Logging in as people do: with a password, a second factor, or both again."""

from __future__ import annotations

import hmac
import time
from base64 import b32decode

from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from django.test import Client

from accounts.models import User
from tests.support.pages import Page, context, read

PASSWORD = "correct horse battery"
NEW_PASSWORD = "staple battery horse"
SECURITY = "/account/2fa/"
ACTIVATE = "/account/2fa/totp/activate/"
DEACTIVATE = "/account/2fa/totp/deactivate/"
CODES = "/account/2fa/recovery-codes/"


# An app shows each code for so long. A test that gets one just before its end might use it too late.
CODE_SECONDS, SOONEST_END = 30, 5


def log_in(user: User, **headers: str) -> tuple[Client, Page]:
    """A browser of their own, and the page after the password."""
    client = Client(headers=headers)
    answer = client.post("/account/login/", {"login": user.email, "password": PASSWORD}, follow=True)
    return client, read(answer)


def show_password(client: Client) -> None:
    client.post("/account/reauthenticate/", {"password": PASSWORD})


def code_of(secret: str) -> str:
    """What an authenticator app shows now (RFC 6238), for long enough that the code can still be used."""
    left = CODE_SECONDS - time.time() % CODE_SECONDS
    if left < SOONEST_END:
        time.sleep(left)
    digest = hmac.digest(b32decode(secret), int(time.time() // CODE_SECONDS).to_bytes(8, "big"), "sha1")
    at = digest[-1] & 0xF
    return f"{(int.from_bytes(digest[at : at + 4], 'big') & 0x7FFF_FFFF) % 1_000_000:06}"


def give_app(user: User) -> str:
    """The secret of an app that the person has, with recovery codes, and no code of which was used yet."""
    secret, encrypt = "JBSWY3DPEHPK3PXP", get_adapter().encrypt
    types = Authenticator.Type
    Authenticator.objects.create(user=user, type=types.TOTP, data={"secret": encrypt(secret)})
    Authenticator.objects.create(user=user, type=types.RECOVERY_CODES, data={"seed": encrypt("seed"), "used_mask": 0})
    return secret


def wrong_code_of(secret: str) -> str:
    return f"{(int(code_of(secret)) + 1) % 1_000_000:06}"


def new_secret(client: Client) -> str:
    secret = context(client.get(ACTIVATE))["form"].secret
    assert isinstance(secret, str)
    return secret


def enrol(user: User) -> tuple[str, list[str]]:
    """The secret in the person's app, and their recovery codes."""
    client, _ = log_in(user)
    show_password(client)
    secret = new_secret(client)
    answer = client.post(ACTIVATE, {"code": code_of(secret)})
    assert answer["Location"] == CODES
    return secret, context(client.get(CODES))["unused_codes"]


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
