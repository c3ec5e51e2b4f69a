from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from accounts.access import member_accounts
from accounts.models import Account, User
from billing.members import services as members

MOST_IN_THE_MENU = 8


def portal(request: HttpRequest) -> dict[str, object]:
    return {
        "portal_name": settings.PORTAL_NAME,
        "own_accounts": SimpleLazyObject(lambda: _own_accounts(request)),
        "accounts_are_claimed": SimpleLazyObject(lambda: members.claimable_switches().exists()),
    }


def _own_accounts(request: HttpRequest) -> list[Account]:
    user = getattr(request, "user", None)
    return list(member_accounts(user)[:MOST_IN_THE_MENU]) if isinstance(user, User) else []
