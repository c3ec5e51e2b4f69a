"""Says who must have more than a password: a stolen one must neither open the staff's desk nor move much money."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db.models import F

from accounts.models import Membership, Role, User

SECOND = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


def is_required_of(user: User) -> bool:
    """Staff need one, and every owner of an agent that may credit more at once than its switch's threshold."""
    if user.is_staff or user.is_superuser:
        return True
    moving_much = Membership.objects.filter(
        user=user,
        role=Role.OWNER,
        account__is_agent=True,
        account__switch__fresh_login_above__lt=F("account__switch__topup_limit"),
    )
    return moving_much.exists()


def is_missing(user: User) -> bool:
    if not settings.SECOND_FACTOR_REQUIRED or not is_required_of(user):
        return False
    return not Authenticator.objects.filter(user=user, type__in=SECOND).exists()
