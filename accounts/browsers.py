"""Which browsers somebody logs in with, so that a new one is noticed."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from accounts.models import KnownBrowser, User

REMEMBERED_FOR = timedelta(days=365)


def new_token() -> str:
    return secrets.token_urlsafe(32)


def is_new(*, user: User, token: str, now: datetime) -> bool:
    """Remember the browser that holds this token. Not new is the first one ever: there is nobody to be warned yet."""
    browsers = KnownBrowser.objects.filter(user=user)
    browsers.filter(last_seen_at__lt=now - REMEMBERED_FOR).delete()
    is_first = not browsers.exists()
    _, is_unknown = browsers.update_or_create(
        digest=hashlib.sha256(token.encode()).hexdigest(),
        defaults={"last_seen_at": now},
        create_defaults={"user": user, "first_seen_at": now, "last_seen_at": now},
    )
    return is_unknown and not is_first
