"""Records in the audit trail what happens to logins: allauth and Django say so by signals, whatever the page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from allauth.account import signals as of_accounts
from allauth.mfa import signals as of_factors
from allauth.mfa.models import Authenticator
from django.contrib.auth import signals as of_logins
from django.utils import timezone

from accounts.models import AuditAction, User
from accounts.services import audit


def connect() -> None:
    of_logins.user_logged_in.connect(logged_in)
    of_logins.user_logged_out.connect(logged_out)
    of_logins.user_login_failed.connect(login_failed)
    of_factors.authentication_failed.connect(factor_failed)
    of_factors.authenticator_added.connect(factor_added)
    of_factors.authenticator_reset.connect(factor_added)
    of_factors.authenticator_removed.connect(factor_removed)
    for set_by in (of_accounts.password_set, of_accounts.password_changed, of_accounts.password_reset):
        set_by.connect(password_set)
    of_accounts.email_changed.connect(email_changed)


def logged_in(user: User, **kwargs: Any) -> None:
    _note(AuditAction.LOGGED_IN, user)


def logged_out(user: User | None, **kwargs: Any) -> None:
    if user is not None:
        _note(AuditAction.LOGGED_OUT, user)


def login_failed(credentials: Mapping[str, Any], **kwargs: Any) -> None:
    """What was typed as an address may be anything, even a password: it is kept only if it is a user's address."""
    typed = credentials.get("email") or credentials.get("username") or ""
    user = User.objects.filter(email=str(typed).strip().lower()).first() if typed else None
    text = "" if user else "No user has this address."
    audit.note(action=AuditAction.LOGIN_FAILED, now=timezone.now(), subject=user, text=text)


def factor_failed(user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    audit.note(action=AuditAction.LOGIN_FAILED, now=timezone.now(), subject=user, text=_kind(authenticator))


def factor_added(user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    _note(AuditAction.FACTOR_ADDED, user, _kind(authenticator))


def factor_removed(user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    _note(AuditAction.FACTOR_REMOVED, user, _kind(authenticator))


def password_set(user: User, **kwargs: Any) -> None:
    _note(AuditAction.PASSWORD_SET, user)


def email_changed(user: User, from_email_address: Any, to_email_address: Any, **kwargs: Any) -> None:
    before = from_email_address.email if from_email_address else ""
    audit.note(
        action=AuditAction.CHANGED,
        now=timezone.now(),
        by=user,
        subject=user,
        changes=audit.changed({"email": before}, {"email": to_email_address.email}),
    )


def _note(action: AuditAction, user: User, text: str = "") -> None:
    audit.note(action=action, now=timezone.now(), by=user, subject=user, text=text)


def _kind(authenticator: Authenticator) -> str:
    return str(Authenticator.Type(authenticator.type).label)
