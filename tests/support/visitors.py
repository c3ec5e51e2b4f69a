"""People who are logged in, each with the account they come for."""

from __future__ import annotations

from dataclasses import dataclass

from django.test import Client
from django.utils import timezone

from accounts.models import Account, Switch, User
from billing.services import profiles
from tests.support.factories import MembershipFactory
from tests.support.logins import logged_in


@dataclass(frozen=True)
class Visitor:
    """A person who is logged in, and the account they come for."""

    user: User
    account: Account
    client: Client

    def page(self, place: str = "", account: Account | None = None) -> str:
        return f"/a/{(account or self.account).public_id}/{place}"


def visitor(switch: Switch, number: str) -> Visitor:
    account = profiles.ensure(switch=switch, number=number, now=timezone.now())
    user = MembershipFactory.create(account=account).user
    return Visitor(user, account, logged_in(user))
