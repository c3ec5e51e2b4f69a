"""Makes the people who log in, and looks after what a login is made of: address, password and time zone."""

from __future__ import annotations

from datetime import datetime

from allauth.account.forms import ResetPasswordForm
from allauth.account.models import EmailAddress
from django.contrib.auth.password_validation import validate_password
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.http import HttpRequest

from accounts.models import AuditAction, User
from accounts.services import audit


def check_person(*, email: str, password: str | None) -> None:
    """Raises ValidationError for an address or a password that will not do."""
    email = email.strip().lower()
    validate_email(email)
    if password is not None:
        validate_password(password, User.objects.filter(email=email).first() or User(email=email))


@transaction.atomic
def ensure_user(*, email: str, now: datetime, password: str | None = None) -> User:
    """Return the user of that address, in any case of letters; a password that is given becomes theirs.

    Raises ValidationError for an address or a password that will not do.
    """
    check_person(email=email, password=password)
    email = email.strip().lower()
    user = User.objects.filter(email=email).first() or _make_user(email, password, now)
    if password is not None and not user.check_password(password):
        user.set_password(password)
        user.save(update_fields=["password"])
        audit.note(action=AuditAction.PASSWORD_SET, now=now, subject=user)
    confirm_address(user)
    return user


@transaction.atomic
def confirm_address(user: User) -> None:
    """Tell allauth that the user's address is theirs: the operator vouches for it, and mail goes there alone."""
    EmailAddress.objects.filter(user=user).exclude(email=user.email).delete()
    EmailAddress.objects.update_or_create(user=user, email=user.email, defaults={"verified": True, "primary": True})


def ensure_address(user: User) -> None:
    """Confirm the address if it was not confirmed before; another one that was asked for stays asked for."""
    if not EmailAddress.objects.filter(user=user, email=user.email, verified=True).exists():
        confirm_address(user)


@transaction.atomic
def choose_time_zone(*, user: User, time_zone: str, now: datetime) -> None:
    """Set the zone in which times are shown to the user; empty: the switch's own."""
    changes = audit.changed({"time_zone": user.time_zone}, {"time_zone": time_zone})
    if not changes:
        return
    user.time_zone = time_zone
    user.save(update_fields=["time_zone"])
    audit.note(action=AuditAction.CHANGED, now=now, by=user, subject=user, changes=changes)


def send_password_mail(*, user: User, request: HttpRequest) -> None:
    """Send the mail that a person gets who says that the password is forgotten."""
    form = ResetPasswordForm(data={"email": user.email})
    if form.is_valid():
        form.save(request)


def _make_user(email: str, password: str | None, now: datetime) -> User:
    try:
        with transaction.atomic():
            user = User.objects.create_user(email, password)
            audit.note(action=AuditAction.ADDED, now=now, subject=user)
            return user
    except IntegrityError:
        # Another process made them a moment ago.
        return User.objects.get(email=email)
