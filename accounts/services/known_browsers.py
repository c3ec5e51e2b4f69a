"""Remembers which browsers a person logs in with, so that a new one is noticed."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from accounts.models import KnownBrowser, User

REMEMBERED_FOR = timedelta(days=365)


def new_token() -> str:
    return secrets.token_urlsafe(32)


def remember(*, user: User, token: str, now: datetime) -> bool:
    """Remember the browser that holds this token, and say whether it is a new one to warn of.

    The first one ever is not: there is no earlier login that could be warned.
    """
    browsers = KnownBrowser.objects.filter(user=user)
    browsers.filter(last_seen_at__lt=now - REMEMBERED_FOR).delete()
    is_first = not browsers.exists()
    _, is_unknown = browsers.update_or_create(
        digest=hashlib.sha256(token.encode()).hexdigest(),
        defaults={"last_seen_at": now},
        create_defaults={"user": user, "first_seen_at": now, "last_seen_at": now},
    )
    return is_unknown and not is_first
