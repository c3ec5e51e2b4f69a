"""Who acts on the staff site, and as what."""

from __future__ import annotations

from django.http import HttpRequest

from accounts.access import Access
from accounts.models import Account, User


def member_of_staff(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # noqa: S101  # the staff site lets no other person in; this tells the types
    return request.user


def acting(request: HttpRequest, account: Account | None) -> User | Access:
    """The person as a member of staff, also where they are a customer of that account as well."""
    user = member_of_staff(request)
    return Access(user=user, account=account, role=None, via=None, own_role=None) if account else user
