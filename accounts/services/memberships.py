"""Gives people a place on an account, changes their role, and takes the place away."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts.access import Access
from accounts.models import Account, AuditAction, Membership, Role
from accounts.services import audit, invitations, last_owner, notices
from accounts.services.people import ensure_user
from accounts.services.staff_groups import SUPPORT, make_staff


@transaction.atomic
def grant(
    *,
    email: str,
    account: Account,
    role: Role | None,
    now: datetime,
    password: str | None = None,
    staff: bool = False,
) -> Membership:
    """Let a person see an account; the user is made if absent, then as owner unless a role is named.

    A membership that is there already keeps its role unless one is named. Without a password a new user has none:
    the mail for a forgotten one is their way in. `staff` puts them among the support agents as well.
    Raises ValidationError for an address or a password that will not do, and LastOwner when the account would be left
    without an owner; then nothing has changed.
    """
    user = ensure_user(email=email, now=now, password=password)
    if staff:
        make_staff(user, SUPPORT, now=now)
    membership, made = Membership.objects.get_or_create(
        user=user, account=account, defaults={"role": role or Role.OWNER}
    )
    if made:
        audit.note(action=AuditAction.ADDED, now=now, subject=membership)
        notices.member_joined(membership, now=now)
    elif role is not None and membership.role != role:
        last_owner.lock(account)
        if role != Role.OWNER:
            last_owner.keep_one(membership)
        changes = audit.changed({"role": membership.role}, {"role": role})
        membership.role = role
        membership.save(update_fields=["role"])
        audit.note(action=AuditAction.CHANGED, now=now, subject=membership, changes=changes)
        notices.role_changed(membership, now=now)
    return membership


@transaction.atomic
def change_role(*, membership: Membership, role: Role, by: Access, now: datetime) -> bool:
    """Returns False if they had the role already. Raises LastOwner."""
    last_owner.lock(membership.account)
    current = Membership.objects.filter(pk=membership.pk).values_list("role", flat=True).first()
    if current is None or current == role:
        return False
    if role != Role.OWNER:
        last_owner.keep_one(membership)
    membership.role = role
    membership.save(update_fields=["role"])
    changes = audit.changed({"role": current}, {"role": role})
    audit.note(action=AuditAction.CHANGED, now=now, by=by, subject=membership, changes=changes)
    if role != Role.OWNER:
        invitations.end_with(user=membership.user, account=membership.account, by=by, now=now)
    notices.role_changed(membership, now=now)
    return True


@transaction.atomic
def remove(*, membership: Membership, by: Access, now: datetime) -> None:
    """Raises LastOwner."""
    last_owner.lock(membership.account)
    last_owner.keep_one(membership)
    user, account = membership.user, membership.account
    deleted, _ = Membership.objects.filter(pk=membership.pk).delete()
    if deleted:
        audit.note(action=AuditAction.REMOVED, now=now, by=by, subject=membership)
        invitations.end_with(user=user, account=account, by=by, now=now)
        notices.member_removed(user=user, account=account, now=now)
