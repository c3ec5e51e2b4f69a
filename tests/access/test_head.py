"""A HEAD of any page asks neither a switch nor the payment provider, and writes nothing."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Account, Switch
from tests.access.steps import account_steps, other_staff_steps, other_steps, staff_steps
from tests.access.walking import Step
from tests.access.world import World, build

pytestmark = pytest.mark.django_db

WRITES = ("INSERT", "UPDATE", "DELETE")
# Tries of a link that may be guessed count, whatever the method.
COUNTED = "accounts_loginattempts"


@pytest.fixture
def world(settings: Any) -> World:
    """Everything that is known is old, so that a GET would ask."""
    settings.PAYMENT_PROVIDER = "demo"
    world = build()
    Switch.objects.update(fresh_for=timedelta(seconds=1), voucher_cards=True)
    Account.objects.update(balance_at=None, profile_at=None)
    return world


@pytest.fixture
def reached(monkeypatch: pytest.MonkeyPatch, settings: Any) -> list[tuple[str, int]]:
    """Where this process connected to by a network, but for Redis."""
    found: list[tuple[str, int]] = []
    connect: Callable[..., Any] = socket.socket.connect
    redis = urlsplit(settings.REDIS_URL)

    def recorded(self: socket.socket, address: Any) -> Any:
        if isinstance(address, tuple) and address[:2] != (redis.hostname, redis.port):
            found.append(address[:2])
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", recorded)
    return found


def pages(world: World) -> dict[str, Step]:
    """Every page, once as its owner or, where none owns it, as another person to whom it opens."""
    steps: Iterable[Step] = (
        *(*account_steps(world), *other_steps(world)),
        *(*staff_steps(world), *other_staff_steps()),
    )
    opening = [step for step in steps if step.method == "GET" and step.expected == "page"]
    return {step.page: step for step in sorted(opening, key=lambda step: step.role == "owner")}


def written(world: World, step: Step, *, method: str) -> list[str]:
    """The statements that change something while the page is asked for."""
    client = world.client(step.role)
    with CaptureQueriesContext(connection) as statements:
        getattr(client, method)(step.address)
    found = [query["sql"] for query in statements if query["sql"].lstrip().startswith(WRITES)]
    return [sql for sql in found if COUNTED not in sql]


def test_a_head_of_any_page_asks_nothing_and_writes_nothing(world: World, reached: list[tuple[str, int]]) -> None:
    steps = pages(world)
    asking = {}
    for page, step in steps.items():
        if (sql := written(world, step, method="head")) or reached:
            asking[page] = [*sql, *reached]
            reached.clear()
    assert asking == {}
    assert len(steps) > 80


@pytest.mark.parametrize("page", ["overview", "topup_form", "call", "online_payment"])
def test_a_get_does_ask_or_write(world: World, page: str) -> None:
    """So the test above would notice."""
    assert written(world, pages(world)[page], method="get")


def test_a_get_of_the_overview_does_reach_the_switch(world: World, reached: list[tuple[str, int]]) -> None:
    written(world, pages(world)["overview"], method="get")
    assert reached


@pytest.mark.parametrize(("role", "status"), [("owner", 200), ("stranger", 404), ("anonymous", 302)])
def test_a_head_of_an_account_says_whether_it_opens(world: World, role: str, status: int) -> None:
    address = reverse("overview", args=[world.public_id("account")])
    assert world.client(role).head(address).status_code == status
