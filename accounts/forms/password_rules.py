"""Refuses passwords that hold what the portal is called, by name or by address: they are easy to guess here."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

SHORTEST = 4
WITHOUT = _("Choose one without “%(word)s”: so is this portal called.")


class NotThePortalsName:
    """Finds these words in a password, whatever stands around or between their letters."""

    def validate(self, password: str, user: AbstractBaseUser | None = None) -> None:
        found = next((word for word in _words() if word in _plain(password)), None)
        if found:
            raise ValidationError(WITHOUT, "portal_word", {"word": found})

    def get_help_text(self) -> str:
        return gettext("Your password can't contain what this portal is called.")


def _words() -> list[str]:
    """The name in one word, and the last part of the host that its owner chose: my.harbourtel.example is harbourtel."""
    host = (urlsplit(settings.PUBLIC_URL).hostname or "").split(".")
    words = [_plain(settings.PORTAL_NAME), *host[-2:-1]]
    return [word for word in words if len(word) >= SHORTEST and not word.isdigit()]


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())
