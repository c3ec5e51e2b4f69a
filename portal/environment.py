"""The environment as settings read it: a variable that is missing or wrong ends the program with one plain line.

Each may stand in a file instead, such as a mounted secret: NAME_FILE is its path.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import dj_email_url
from environs import Env, EnvError, EnvValidationError, FileAwareEnv, ValidationError
from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class OneLineEnv:
    """`environs.Env`, which every reader is passed on to."""

    def __init__(self) -> None:
        self._env = FileAwareEnv(strip_whitespace=True)

    def __getattr__(self, kind: str) -> Callable[..., Any]:
        read = getattr(self._env, kind)

        @wraps(read)
        def read_or_end(name: str, *arguments: Any, **options: Any) -> Any:
            try:
                return read(name, *arguments, **options)
            except ValueError as error:  # environs' own errors are such, and a file that cannot be read
                sys.exit(f"The environment variable {name} is wrong or missing: {_reason(error)}")

        return read_or_end


env = cast(Env, OneLineEnv())


def _reason(error: ValueError) -> str:
    if isinstance(error, EnvValidationError):
        messages = error.error_messages
        return " ".join(messages) if isinstance(messages, list) else str(messages)
    return "it must be set." if isinstance(error, EnvError) else str(error)


NOT_IDLE_FOR_LONG = "-c idle_in_transaction_session_timeout=60s"


def database(url: str) -> dict[str, Any]:
    """Turn a libpq URI, read by libpq itself, into Django's settings of a database.

    A process that is stopped within a transaction keeps what it has locked from the others no longer than a minute.
    """
    parts: dict[str, Any] = conninfo_to_dict(url)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.pop("dbname"),
        "USER": parts.pop("user", ""),
        "PASSWORD": parts.pop("password", ""),
        "HOST": parts.pop("host", ""),
        "PORT": parts.pop("port", ""),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {**parts, "options": f"{NOT_IDLE_FOR_LONG} {parts.get('options', '')}".strip()},
    }


def is_database_url(value: str) -> None:
    try:
        named = conninfo_to_dict(value).get("dbname")
    except ProgrammingError as error:
        raise ValidationError("It is no libpq URI: postgresql://user:password@host/database.") from error
    if not named:
        raise ValidationError("It names no database: postgresql://user:password@host/database.")


def is_redis_url(value: str) -> None:
    if urlsplit(value).scheme not in {"redis", "rediss", "unix"}:
        raise ValidationError("It must begin with redis://, rediss:// or unix://.")


def is_token(value: str) -> None:
    if value and (len(value) < 20 or not value.isascii() or not value.isprintable() or " " in value):
        raise ValidationError("It must be at least 20 letters and digits.")


def is_web_url(value: str) -> None:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValidationError("It must be an address such as https://portal.example.com.")


def is_folder(value: str) -> None:
    if value and not Path(value).is_dir():
        raise ValidationError("There is no such folder.")


def networks(values: list[str]) -> tuple[IPv4Network | IPv6Network, ...]:
    return tuple(map(ip_network, values))


def are_networks(values: list[str]) -> None:
    try:
        networks(values)
    except ValueError as error:
        raise ValidationError("It must be networks such as 203.0.113.0/24, with commas between them.") from error


def is_stripe_key(value: str) -> None:
    if not value.startswith(("sk_", "rk_")):
        raise ValidationError("It must be a secret or restricted key of Stripe: sk_… or rk_….")


def is_stripe_webhook_secret(value: str) -> None:
    if not value.startswith("whsec_"):
        raise ValidationError("It must be the signing secret of a webhook endpoint at Stripe: whsec_….")


def keeps_the_demo_at_home(public_url: str, *, debug: bool) -> Callable[[str], None]:
    """The demo provider takes no money for what it reports as paid, so no one beyond this machine may reach it."""

    def check(provider: str) -> None:
        if provider == "demo" and not debug and urlsplit(public_url).hostname not in LOOPBACK:
            raise ValidationError("The demo provider credits without money: PUBLIC_URL must be on localhost for it.")

    return check


def is_zero_or_at_least(least: int) -> Callable[[int], None]:
    def check(value: int) -> None:
        if value != 0 and value < least:
            raise ValidationError(f"It must be 0, or {least} or more.")

    return check


def is_mail_url(value: str) -> None:
    if urlsplit(value).scheme not in dj_email_url.SCHEMES:
        raise ValidationError("It must be an address such as submission://user:password@mail.example.com, or console:.")


def names_a_host(value: list[str]) -> None:
    if not [host for host in value if host.strip()]:
        raise ValidationError("It must name a host, such as portal.example.com.")
