"""The members of an account, and the changes that its owners make among them."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts import audit, invitations, notices, owners
from accounts.access import Access
from accounts.models import AuditAction, Membership, Role
from accounts.owners import LastOwner

__all__ = ["LastOwner", "change_role", "remove"]


@transaction.atomic
def change_role(*, membership: Membership, role: Role, by: Access, now: datetime) -> bool:
    """False: they had it already. Raises LastOwner."""
    owners.hold(membership.account)
    current = Membership.objects.filter(pk=membership.pk).values_list("role", flat=True).first()
    if current is None or current == role:
        return False
    if role != Role.OWNER:
        owners.keep_one(membership)
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
    owners.hold(membership.account)
    owners.keep_one(membership)
    user, account = membership.user, membership.account
    deleted, _ = Membership.objects.filter(pk=membership.pk).delete()
    if deleted:
        audit.note(action=AuditAction.REMOVED, now=now, by=by, subject=membership)
        invitations.end_with(user=user, account=account, by=by, now=now)
        notices.member_removed(user=user, account=account, now=now)
