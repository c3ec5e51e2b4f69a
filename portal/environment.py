"""The environment as settings read it: a variable that is missing or wrong ends the program with one plain line."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from typing import Any, cast
from urllib.parse import urlsplit

import dj_email_url
from environs import Env, EnvError, EnvValidationError, ValidationError
from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict


class OneLineEnv:
    """`environs.Env`, which every reader is passed on to."""

    def __init__(self) -> None:
        self._env = Env()

    def __getattr__(self, kind: str) -> Callable[..., Any]:
        read = getattr(self._env, kind)

        @wraps(read)
        def read_or_end(name: str, *arguments: Any, **options: Any) -> Any:
            try:
                return read(name, *arguments, **options)
            except EnvError as error:
                sys.exit(f"The environment variable {name} is wrong or missing: {_reason(error)}")

        return read_or_end


env = cast(Env, OneLineEnv())


def _reason(error: EnvError) -> str:
    if isinstance(error, EnvValidationError):
        messages = error.error_messages
        return " ".join(messages) if isinstance(messages, list) else str(messages)
    return "it must be set."


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


def is_web_url(value: str) -> None:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValidationError("It must be an address such as https://portal.example.com.")


def is_mail_url(value: str) -> None:
    if urlsplit(value).scheme not in dj_email_url.SCHEMES:
        raise ValidationError("It must be an address such as submission://user:password@mail.example.com, or console:.")


def names_a_host(value: list[str]) -> None:
    if not [host for host in value if host.strip()]:
        raise ValidationError("It must name a host, such as portal.example.com.")
