"""The members of an account, and the changes that its owners make among them."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts import audit, invitations, notices
from accounts.access import Access
from accounts.models import Account, AuditAction, Membership, Role


class LastOwner(Exception):
    """Nobody would be left who may invite, change and remove."""


@transaction.atomic
def change_role(*, membership: Membership, role: Role, by: Access, now: datetime) -> bool:
    """False: they had it already. Raises LastOwner."""
    _alone_in(membership.account)
    current = Membership.objects.filter(pk=membership.pk).values_list("role", flat=True).first()
    if current is None or current == role:
        return False
    if role != Role.OWNER:
        _keep_an_owner(membership)
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
    _alone_in(membership.account)
    _keep_an_owner(membership)
    user, account = membership.user, membership.account
    deleted, _ = Membership.objects.filter(pk=membership.pk).delete()
    if deleted:
        audit.note(action=AuditAction.REMOVED, now=now, by=by, subject=membership)
        invitations.end_with(user=user, account=account, by=by, now=now)
        notices.member_removed(user=user, account=account, now=now)


def _alone_in(account: Account) -> None:
    """Two owners who remove each other at the same moment do so one after the other."""
    Account.objects.select_for_update().get(pk=account.pk)


def _keep_an_owner(membership: Membership) -> None:
    if not _other_owners(membership):
        raise LastOwner


def _other_owners(membership: Membership) -> bool:
    """Whoever cannot log in any more looks after nothing."""
    owners = Membership.objects.filter(account=membership.account, role=Role.OWNER, user__is_active=True)
    return owners.exclude(pk=membership.pk).exists()
