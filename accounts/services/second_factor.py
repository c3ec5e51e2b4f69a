"""Takes second factors from people who have lost them."""

from __future__ import annotations

from datetime import datetime

from allauth.mfa.models import Authenticator
from django.db import transaction

from accounts.models import User
from accounts.services import notices


@transaction.atomic
def forget_factors(user: User, *, now: datetime) -> bool:
    """For a person who has lost phone and codes: the password alone logs them in again.

    Returns False if there was nothing to forget.
    """
    deleted, _ = Authenticator.objects.filter(user=user).delete()
    if deleted:
        notices.factors_forgotten(user, now=now)
    return bool(deleted)
