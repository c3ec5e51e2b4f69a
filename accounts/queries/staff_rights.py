"""Says whom a member of staff may change, and which groups they may put people into."""

from __future__ import annotations

from django.contrib.auth.models import Group, Permission
from django.db.models import Q, QuerySet

from accounts.models import User


def may_manage(*, by: User, user: User) -> bool:
    """No one changes a person who may do more than they may: a changed address is a way into that login."""
    if by.is_superuser:
        return True
    return not user.is_superuser and not _held(user).exclude(id__in=_held(by).values("id")).exists()


def groups_to_give(by: User) -> QuerySet[Group]:
    """The groups that allow nothing that the giver may not do."""
    if by.is_superuser:
        return Group.objects.all()
    beyond = Permission.objects.exclude(id__in=_held(by).values("id"))
    return Group.objects.exclude(permissions__in=beyond)


def _held(user: User) -> QuerySet[Permission]:
    return Permission.objects.filter(Q(user=user) | Q(group__user=user))
