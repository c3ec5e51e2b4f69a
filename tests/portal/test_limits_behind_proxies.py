"""Each limit of an address counts whom our own proxy names, and no one else: not the proxy, not what a client wrote."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Account, Switch
from billing.balances.services import profiles
from billing.lib import redis_limits
from billing.lib.redis_limits import Limit, TooMany
from billing.topups.services import vouchers
from billing.web.request_limits import EXPORT, TOPUP, Steps
from simulator.process import SimulatorProcess
from tests.support.factories import NOON, MembershipFactory, UserFactory

pytestmark = pytest.mark.django_db

PHRASE = "bcdf-bcdf-bcdf-bcdf"
BUSY, OTHER = "203.0.113.5", "203.0.113.9"


@pytest.fixture(autouse=True)
def one_proxy(settings: Any) -> None:
    settings.BEHIND_PROXY = 1
    settings.MIDDLEWARE = ["portal.middleware.forwarded_address", *settings.MIDDLEWARE]


@pytest.fixture
def account(switch: Switch, simulator: SimulatorProcess) -> Account:
    Switch.objects.update(claim_by_phrase=True, voucher_cards=True)
    return profiles.ensure(switch=switch, number="A-20417", now=NOON)


def come(address: str, *, as_owner_of: Account | None = None) -> Client:
    """A browser behind the proxy, which adds who asks; what stands before that, anybody may have written."""
    client = Client(REMOTE_ADDR="10.0.0.1", headers={"X-Forwarded-For": f"{OTHER}, {BUSY}, {address}"})
    if as_owner_of is not None:
        client.force_login(MembershipFactory.create(account=as_owner_of).user)
    return client


def use_up(name: str, most: int) -> None:
    limit = Limit(f"{name}:address:{redis_limits.network_of(BUSY)}", most)
    with suppress(TooMany):
        while True:
            redis_limits.spend([limit])


def log_in(address: str, account: Account) -> bool:
    user = UserFactory.create()
    client = come(address)
    client.post(reverse("account_login"), {"login": user.email, "password": "correct horse battery"})
    return "_auth_user_id" in client.session


def claim(address: str, account: Account) -> bool:
    n = UserFactory.create().pk
    said = {
        "switch": account.switch.name,
        "number": f"A-{n}",
        "email": f"p{n}@example.com",
        "phrase": "bcdf-bcdf-bcdf-bcdf",
    }
    return come(address).post(reverse("claim"), said).status_code != 429


def open_link(address: str, account: Account) -> bool:
    return come(address).get(reverse("invitation_link", args=["x" * 43])).status_code != 429


def top_up(address: str, account: Account) -> bool:
    assert account.parent is not None
    page = reverse("topup_form", args=[account.public_id])
    return come(address, as_owner_of=account.parent).post(page, {"amount": "x"}).status_code != 429


def pay_card(address: str, account: Account) -> bool:
    page = reverse("voucher_form", args=[account.public_id])
    return come(address, as_owner_of=account).post(page, {"pin": "80000001", "password": "1"}).status_code != 429


def take_file(address: str, account: Account) -> bool:
    page = reverse("calls_file", args=[account.public_id, "csv"])
    return come(address, as_owner_of=account).get(page).status_code != 429


def spend_logins(account: Account) -> None:
    for _ in range(10):
        come(BUSY).post(reverse("account_login"), {"login": UserFactory.create().email, "password": "wrong"})


def spend(door: Callable[[str, Account], bool], most: int) -> Callable[[Account], None]:
    return lambda account: [door(BUSY, account) for _ in range(most)].clear()


def spend_steps(steps: Steps) -> Callable[[Account], None]:
    return lambda account: use_up(steps.name, steps.from_an_address)


DOORS: dict[str, tuple[Callable[[str, Account], bool], Callable[[Account], None]]] = {
    "login": (log_in, spend_logins),
    "claim": (claim, spend(claim, 20)),
    "invitation": (open_link, spend(open_link, 30)),
    "top-up": (top_up, spend_steps(TOPUP)),
    "voucher": (pay_card, lambda account: use_up("voucher", vouchers.MOST_FROM_AN_ADDRESS)),
    "export": (take_file, spend_steps(EXPORT)),
}


@pytest.mark.parametrize("name", DOORS)
def test_one_address_uses_up_its_own_tries_and_no_others(account: Account, name: str) -> None:
    door, spend_all = DOORS[name]
    assert door(BUSY, account)
    spend_all(account)
    assert not door(BUSY, account)
    assert door(OTHER, account)
