"""Masks in logs what no one should read there: telephone numbers, and keys that open a door."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from functools import cache

from django.conf import settings

MASK = "***"
# A shorter one stands in words that say nothing, such as a database's password "portal" in a log of the portal.
SHORTEST_SECRET = 8

# With this part of a link in a mail its reader chooses the person's password, or comes in by their invitation; with
# this part of a switch's address for what it tells, they speak in its place.
KEY_OF_A_LINK = re.compile(
    r"(?<=/password/reset/key/)[^/\s]+|(?<=/account/invitation/)[^/\s]{20,}|(?<=/confirm-email/)[^/\s]+"
    r"|(?<=/notify/)[^/\s]{20,}"
)
LOGIN_OF_AN_ADDRESS = re.compile(r"(?<=://)[^/\s@:]*:[^/\s@]+(?=@)")
NAMED = re.compile(
    r"""(?ix) (?<![\w-]) ( [\w-]* (?: password | passwd | secret | token | api[_-]?key | cookie | sessionid | \bpin )
        ["']? \s* [:=] \s* ) ( "[^"]*" | '[^']*' | [^\s"',;&)}\]]+ )"""
)
AUTHORIZATION = re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{8,}")
KEY_OF_STRIPE = re.compile(r"\b(?:sk|rk|whsec)_\w{4,}")
# Seven digits and more, unless they are of a decimal, a word, or the name of a task.
NUMBER = re.compile(
    r"(?P<name>\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b)"
    r"|(?:(?<![\w.])|(?<=%2B))\d{4,}(?=\d{3}(?!\w|\.\d))"
)


class Formatter(logging.Formatter):
    """Masks the whole line, with the trace below it."""

    def format(self, record: logging.LogRecord) -> str:
        return masked(super().format(record))

    def formatMessage(self, record: logging.LogRecord) -> str:  # logging's own name
        """Keep the message on one line, so that no input looks like a line of its own."""
        return super().formatMessage(record).replace("\r", "\\r").replace("\n", "\\n")


def masked(text: str) -> str:
    """Mask the text. Of a telephone number the last three digits stay: enough to tell two apart, too few to call it."""
    for secret in _own_secrets() if settings.configured else ():
        text = text.replace(secret, MASK)
    text = KEY_OF_A_LINK.sub("...", text)
    text = LOGIN_OF_AN_ADDRESS.sub(MASK, text)
    text = NAMED.sub(rf"\g<1>{MASK}", text)
    text = AUTHORIZATION.sub(rf"\g<1> {MASK}", text)
    text = KEY_OF_STRIPE.sub(MASK, text)
    return NUMBER.sub(lambda found: found["name"] or MASK, text)


@cache
def _own_secrets() -> tuple[str, ...]:
    return tuple(secret for secret in map(str, filter(None, _settings())) if len(secret) >= SHORTEST_SECRET)


def _settings() -> Iterator[str | None]:
    yield settings.SECRET_KEY
    yield from settings.SECRET_KEY_FALLBACKS
    yield settings.DATABASES["default"]["PASSWORD"]
    yield settings.EMAIL_HOST_PASSWORD
    yield settings.METRICS_TOKEN
    yield settings.STRIPE_SECRET_KEY
    yield settings.STRIPE_WEBHOOK_SECRET
