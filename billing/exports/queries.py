"""Exports as their pages show them: each to the person who asked for it, and to no other."""

from __future__ import annotations

from django.db.models import QuerySet

from accounts.access import Access
from billing.exports.models import Export


def find(*, access: Access, reference: str) -> Export | None:
    return _theirs(access).filter(reference=reference).first()


def latest(*, access: Access, most: int = 50) -> QuerySet[Export]:
    return _theirs(access).order_by("-asked_at", "-pk")[:most]


def _theirs(access: Access) -> QuerySet[Export]:
    return Export.objects.filter(asked_by=access.user, account=access.account).select_related("account__switch")
