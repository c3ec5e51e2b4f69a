"""Finds invitations by what a link holds, and says how the person who was invited comes in."""

from __future__ import annotations

import hashlib

from accounts.models import Invitation, User


def digest_of(token: str) -> str:
    """What is stored of a link's token. The token itself is in the mail alone."""
    return hashlib.sha256(token.encode()).hexdigest()


def find_by_token(token: str) -> Invitation | None:
    return find_by_digest(digest_of(token))


def find_by_digest(digest: str) -> Invitation | None:
    return Invitation.objects.select_related("account__switch", "invited_by").filter(digest=digest).first()


def person_invited(invitation: Invitation) -> User | None:
    """The user who has the address that was invited, if there is one."""
    return User.objects.filter(email=invitation.email).first()


def needs_a_password(user: User | None) -> bool:
    """True for a new person, and for one who never chose a password: the link in the mail lets them choose it."""
    return user is None or (user.is_active and not user.has_usable_password())
