"""Lets people in by a link in a mail: it works once, for a while, for one address."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.urls import reverse

from accounts.access import Access
from accounts.models import Account, AuditAction, Invitation, InvitationState, Membership, Role, User
from accounts.queries.invitations import digest_of, needs_a_password
from accounts.services import audit, notices, people

LIFETIME = timedelta(days=7)
MOST_OPEN = 50  # of one account


class AlreadyMember(Exception):
    """The person with that address is a member already."""


class TooManyInvitations(Exception):
    """So many invitations of the account are open that it will not get another one."""


class InvitationClosed(Exception):
    """The invitation cannot be accepted, for the reason that its state says."""

    def __init__(self, state: InvitationState) -> None:
        super().__init__(state)
        self.state = state


class NotTheirs(Exception):
    """The invitation is for another person, or for one who has to log in first."""


@dataclass(frozen=True, kw_only=True)
class Issued:
    """An invitation and its link, which is known at this moment alone."""

    invitation: Invitation
    link: str


@transaction.atomic
def invite(
    *, account: Account, email: str, role: Role, source: Invitation.Source, by: User | None, now: datetime
) -> Issued:
    """Make an invitation, or renew the open one of that address: its link is another one then, the old one is dead.

    Raises ValidationError for what is no address, AlreadyMember and TooManyInvitations.
    """
    email = email.strip().lower()
    validate_email(email)
    if Membership.objects.filter(account=account, user__email=email).exists():
        raise AlreadyMember
    opened = Invitation.objects.filter(account=account, accepted_at=None, revoked_at=None)
    if opened.exclude(email=email).filter(expires_at__gt=now).count() >= MOST_OPEN:
        raise TooManyInvitations
    token = secrets.token_urlsafe(32)
    terms: dict[str, object] = {
        "role": role,
        "source": source,
        "invited_by": by,
        "digest": digest_of(token),
        "created_at": now,
        "expires_at": now + LIFETIME,
    }
    try:
        with transaction.atomic():
            invitation, _ = opened.update_or_create(
                email=email, defaults=terms, create_defaults={**terms, "account": account}
            )
    except IntegrityError:
        # Another process made the open one a moment ago.
        invitation, _ = opened.update_or_create(email=email, defaults=terms)
    audit.note(action=AuditAction.INVITED, now=now, by=by, account=account, subject=invitation)
    return Issued(invitation=invitation, link=_link(token))


@transaction.atomic
def renew(*, invitation: Invitation, by: Access, now: datetime) -> Issued:
    """Make another link for an invitation that was not accepted yet. Raises InvitationClosed."""
    token = secrets.token_urlsafe(32)
    renewed = Invitation.objects.filter(pk=invitation.pk, accepted_at=None, revoked_at=None)
    if not renewed.update(digest=digest_of(token), created_at=now, expires_at=now + LIFETIME):
        invitation.refresh_from_db()
        raise InvitationClosed(invitation.state(now))
    invitation.refresh_from_db()
    audit.note(action=AuditAction.RESENT, now=now, by=by, subject=invitation)
    return Issued(invitation=invitation, link=_link(token))


def send(issued: Issued) -> bool:
    """Mail the link. Returns False if the mail could not be handed in; the invitation stands without it."""
    invitation = issued.invitation
    about = {"invitation": invitation, "account": invitation.account, "link": issued.link}
    return bool(get_adapter().send_mail("accounts/mail/invitation", invitation.email, about))


@transaction.atomic
def revoke(*, invitation: Invitation, by: User | Access, now: datetime) -> bool:
    """Make the link useless from now on. Returns False if it was accepted or revoked before."""
    opened = Invitation.objects.filter(pk=invitation.pk, accepted_at=None, revoked_at=None)
    if not opened.update(revoked_at=now):
        return False
    audit.note(action=AuditAction.REVOKED, now=now, by=by, subject=invitation)
    return True


def end_with(*, user: User, account: Account, by: User | Access, now: datetime) -> None:
    """Revoke the invitations to a person, and by them, who lost their rights: they come back by none of these."""
    opened = account.invitations.filter(accepted_at=None, revoked_at=None)
    for invitation in opened.filter(Q(email=user.email) | Q(invited_by=user)):
        revoke(invitation=invitation, by=by, now=now)


@transaction.atomic
def accept(*, invitation: Invitation, user: User, now: datetime) -> Membership:
    """Raises InvitationClosed, and NotTheirs for another user than the one who was invited."""
    if user.email != invitation.email:
        raise NotTheirs
    _use(invitation, user, now)
    people.confirm_address(user)
    role = Role(invitation.role)
    membership, made = Membership.objects.get_or_create(user=user, account=invitation.account, defaults={"role": role})
    if not made and role == Role.OWNER and membership.role != role:
        membership.role = role
        membership.save(update_fields=["role"])
    audit.note(action=AuditAction.ACCEPTED, now=now, by=user, account=invitation.account, subject=invitation)
    notices.member_joined(membership, now=now)
    return membership


@transaction.atomic
def join(*, invitation: Invitation, name: str, password: str, now: datetime) -> User:
    """Accept as a person who has no password yet. The address is theirs: they read the mail that was sent to it.

    Raises InvitationClosed, ValidationError for a password that will not do, and NotTheirs when they have to log in.
    """
    known = User.objects.select_for_update().filter(email=invitation.email).first()
    if not needs_a_password(known):
        raise NotTheirs
    user = people.ensure_user(email=invitation.email, now=now, password=password)
    if name:
        user.name = name
        user.save(update_fields=["name"])
    accept(invitation=invitation, user=user, now=now)
    return user


def _use(invitation: Invitation, user: User, now: datetime) -> None:
    """Mark it used by one statement, so that a link that is opened twice at once is used once."""
    usable = Invitation.objects.filter(
        pk=invitation.pk, digest=invitation.digest, accepted_at=None, revoked_at=None, expires_at__gt=now
    )
    if not usable.update(accepted_at=now, accepted_by=user):
        invitation.refresh_from_db()
        state = invitation.state(now)
        raise InvitationClosed(InvitationState.REVOKED if state is InvitationState.OPEN else state)


def _link(token: str) -> str:
    return f"{settings.PUBLIC_URL}{reverse('invitation_link', args=[token])}"
