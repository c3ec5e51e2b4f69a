"""Refuses passwords that hold what the portal is called, by name or by address: they are easy to guess here."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import ValidationError

SHORTEST = 4


class NotThePortalsName:
    """Finds these words in a password, whatever stands around or between their letters."""

    def validate(self, password: str, user: AbstractBaseUser | None = None) -> None:
        found = next((word for word in _words() if word in _plain(password)), None)
        if found:
            raise ValidationError(f"Choose one without “{found}”: so is this portal called.", code="portal_word")

    def get_help_text(self) -> str:
        return "Your password can't contain what this portal is called."


def _words() -> list[str]:
    """The name in one word, and the last part of the host that its owner chose: my.harbourtel.example is harbourtel."""
    host = (urlsplit(settings.PUBLIC_URL).hostname or "").split(".")
    words = [_plain(settings.PORTAL_NAME), *host[-2:-1]]
    return [word for word in words if len(word) >= SHORTEST and not word.isdigit()]


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())
