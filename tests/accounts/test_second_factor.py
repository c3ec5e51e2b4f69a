"""Who must have a second factor, and that nothing else opens to them without one."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest
from django.test import Client, override_settings
from django.urls import reverse

from accounts.models import Account, Role, User
from accounts.queries import second_factor
from accounts.services import people
from tests.access import table
from tests.access.steps import account_steps, other_steps
from tests.access.world import World, build
from tests.support.factories import AccountFactory, MembershipFactory, UserFactory
from tests.support.logins import ACTIVATE, CODES, SECURITY, code_of, log_in, new_secret, show_password
from tests.support.pages import FRAGMENT

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def required() -> Iterator[None]:
    with override_settings(SECOND_FACTOR_REQUIRED=True):
        yield


@pytest.fixture
def world() -> World:
    return build()


def agent(**of_switch: Decimal | None) -> Account:
    account: Account = AccountFactory.create(
        is_agent=True, **{f"switch__{name}": value for name, value in of_switch.items()}
    )
    return account


def owner_of(account: Account, role: Role = Role.OWNER) -> User:
    user: User = MembershipFactory.create(account=account, role=role).user
    return user


def test_staff_and_people_who_move_much_money_must_have_one() -> None:
    much = {"fresh_login_above": Decimal(100), "topup_limit": Decimal(1000)}
    for user in (
        UserFactory.create(is_staff=True),
        UserFactory.create(is_superuser=True),
        owner_of(agent(**much)),
    ):
        assert second_factor.is_required_of(user)
    for user in (
        UserFactory.create(),
        owner_of(AccountFactory.create()),
        owner_of(agent(**much), Role.VIEWER),
        owner_of(agent(fresh_login_above=None, topup_limit=Decimal(1000))),
        owner_of(agent(fresh_login_above=Decimal(1000), topup_limit=Decimal(1000))),
    ):
        assert not second_factor.is_required_of(user)


def test_enrolling_opens_what_was_closed() -> None:
    user = UserFactory.create(is_staff=True, is_superuser=True)
    people.confirm_address(user)
    client, page = log_in(user)
    assert "everything else opens then" in page.words
    assert client.get("/staff/")["Location"] == SECURITY
    show_password(client)
    assert client.post(ACTIVATE, {"code": code_of(new_secret(client))})["Location"] == CODES
    assert client.get(CODES).status_code == 200
    assert client.get("/staff/").status_code == 200


def test_a_fragment_leads_there_as_a_whole_page() -> None:
    client = Client()
    client.force_login(UserFactory.create(is_staff=True))
    assert client.get("/", headers=FRAGMENT)["HX-Redirect"] == SECURITY


def test_nothing_else_opens_to_them_before(world: World) -> None:
    """Every page of the table that a login is needed for, as a member of staff and as an agent's owner."""
    open_anyway = (SECURITY, reverse("account_reauthenticate"), reverse("account_logout"))
    roles = ("operator", "superuser", "parent", "grandparent")
    public = _pages_without_a_login()
    steps = [
        step
        for step in (*account_steps(world, roles), *other_steps(world, roles))
        if not (step.fragment or step.page in public or step.address.startswith(open_anyway))
    ]
    opened = []
    for step in steps:
        client = world.client(step.role)
        answer = client.get(step.address) if step.method == "GET" else client.post(step.address, step.data or {})
        # What only leads to the start page leads to Security from there.
        if answer.headers.get("Location") not in (SECURITY, reverse("home")):
            opened.append(f"{step.method} {step.page} as {step.role}: {answer.status_code}")
    assert opened == []
    assert len(steps) > 400


def _pages_without_a_login() -> set[str]:
    """Those that the table opens, or refuses by themselves, to no one in particular."""
    rows = (line.split() for line in table.OTHER_PAGES.strip().splitlines()[1:])
    return {row[0] for row in rows if row[2] not in ("login", "→admin:login")}
