"""Nothing that anybody enters aims a request of the portal elsewhere than at the switch that an operator named."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Account, Switch, User
from billing.balances.services import profiles
from simulator.process import SimulatorProcess
from tests.support.factories import NOON, MembershipFactory
from tests.support.logins import show_password

pytestmark = pytest.mark.django_db

AIMED = (
    "http://169.254.169.254/latest/meta-data/",
    "//elsewhere.example/x",
    "@elsewhere.example",
    "../../external/server/DeleteCustomer",
    "A-20417#\r\nHost: elsewhere.example",
)


@pytest.fixture
def reached(monkeypatch: pytest.MonkeyPatch) -> set[tuple[str, int]]:
    """Where this process connected to by a network; servers of ours on a Unix socket are left out."""
    found: set[tuple[str, int]] = set()
    connect: Callable[..., Any] = socket.socket.connect

    def recorded(self: socket.socket, address: Any) -> Any:
        if isinstance(address, tuple):
            found.add(address[:2])
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", recorded)
    return found


@pytest.fixture
def agent(switch: Switch) -> User:
    """The owner of an agent that may do everything, and of an account below it."""
    now = NOON
    switch.claim_by_phrase = switch.claim_by_phone = switch.voucher_cards = True
    switch.save()
    child = profiles.ensure(switch=switch, number="A-20417", now=now)
    owner: User = MembershipFactory.create(account=child.parent).user
    MembershipFactory.create(account=child, user=owner)
    granted = ("may_open_customers", "may_lock_customers", "may_set_overdrafts", "may_see_margin")
    Account.objects.filter(children=child).update(**dict.fromkeys(granted, True))
    return owner


def forms(owner: User) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Addresses that take something, and the names of what they take."""
    mine = {membership.account.number: membership.account.public_id for membership in owner.memberships.all()}
    child, parent = mine["A-20417"], mine["R-100"]
    for page in ("topup_form", "topup_confirm"):
        yield reverse(page, args=[child]), ("amount", "note", "key", "payer", "from")
    for page in ("voucher_form", "voucher_confirm"):
        yield reverse(page, args=[child]), ("pin", "password", "offer", "card")
    for page in ("customer_lock", "customer_overdraft"):
        yield reverse(page, args=[child]), ("key", "lock", "overdraft", "amount")
    yield reverse("customer_open", args=[parent]), ("number", "name", "email", "rate_group", "overdraft", "key")
    yield reverse("member_invite", args=[child]), ("email", "role")
    yield reverse("upload_batch", args=[parent]), ("file", "name")


def forms_of_strangers() -> Iterator[tuple[str, tuple[str, ...]]]:
    yield reverse("claim"), ("switch", "number", "email", "phrase", "phone", "password")
    yield reverse("account_login") + "?next=http://elsewhere.example/", ("login", "password", "next")
    yield reverse("account_reset_password"), ("email",)


def lists(owner: User) -> Iterator[str]:
    for membership in owner.memberships.filter(account__is_agent=False):
        for page in ("balance", "calls", "payments"):
            yield reverse(page, args=[membership.account.public_id])


def test_no_request_goes_where_a_person_who_enters_things_wants_it(
    switch: Switch, simulator: SimulatorProcess, agent: User, reached: set[tuple[str, int]], settings: Any
) -> None:
    visitor = Client()
    visitor.force_login(agent)
    show_password(visitor)
    for text in AIMED:
        # Whatever a header names is no place to go to either.
        names = {"X-Forwarded-Host": "elsewhere.example", "Referer": text, "HX-Current-URL": text}
        headers = {name: "".join(letter for letter in value if letter.isprintable()) for name, value in names.items()}
        for address, fields in forms(agent):
            visitor.post(address, dict.fromkeys(fields, text), headers=headers)
        for address, fields in forms_of_strangers():
            Client().post(address, dict.fromkeys(fields, text), headers=headers)
        for address in lists(agent):
            visitor.get(
                address, {"number": text, "q": text, "after": text, "zone": text, "sort": text}, headers=headers
            )
    here = urlsplit(switch.url)
    redis = urlsplit(settings.REDIS_URL)
    allowed = {(str(here.hostname), here.port), (str(redis.hostname), redis.port)}
    assert (str(here.hostname), here.port) in reached
    assert reached <= allowed
    assert simulator.control.received("DeleteCustomer") == []
