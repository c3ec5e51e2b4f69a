"""Puts people into the groups of the staff."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.models import Group
from django.db import transaction

from accounts.models import AuditAction, User
from accounts.services import audit

SUPPORT = "support"


@transaction.atomic
def make_staff(user: User, name: str, *, now: datetime) -> None:
    """Make a person a member of staff, in the group of this name."""
    group, _ = Group.objects.get_or_create(name=name)
    if user.is_staff and user.groups.filter(pk=group.pk).exists():
        return
    before = audit.staff_role(user) if user.is_staff else ""
    user.is_staff = True
    user.save(update_fields=["is_staff"])
    user.groups.add(group)
    changes = audit.changed({"groups": before}, {"groups": audit.staff_role(user)})
    audit.note(action=AuditAction.CHANGED, now=now, subject=user, changes=changes)
