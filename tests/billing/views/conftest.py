from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from accounts.models import Account, Switch, User
from billing.services import profiles
from tests.factories import MembershipFactory, UserFactory


@dataclass(frozen=True)
class Visitor:
    """Somebody logged in, and the account they come for."""

    user: User
    account: Account
    client: Client

    def page(self, place: str = "", account: Account | None = None) -> str:
        return f"/a/{(account or self.account).public_id}/{place}"


@pytest.fixture
def zoe(switch: Switch) -> Visitor:
    """A customer: the simulator's account A-20417, below the agent R-100."""
    return visitor(switch, "A-20417")


@pytest.fixture
def mara(switch: Switch, zoe: Visitor) -> Visitor:
    """The reseller above Zoë."""
    return visitor(switch, "R-100")


@pytest.fixture
def sam(zoe: Visitor) -> Visitor:
    """Support: no account of their own."""
    user = UserFactory.create(is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_account"))
    return Visitor(user, zoe.account, logged_in(user))


def visitor(switch: Switch, number: str) -> Visitor:
    account = profiles.ensure(switch=switch, number=number, now=timezone.now())
    user = MembershipFactory.create(account=account).user
    return Visitor(user, account, logged_in(user))


def logged_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def rich(mara: Visitor) -> Decimal:
    """What the reseller has, so that tests can ask for more."""
    assert mara.account.spendable is not None
    return mara.account.spendable
