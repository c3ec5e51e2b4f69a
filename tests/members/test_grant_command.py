from __future__ import annotations

import re

import pytest
from django.core import mail
from django.test import Client

from accounts.models import Account, Membership, Role, Switch, User
from billing.balances.services import profiles
from simulator.process import SimulatorProcess
from tests.support.commands import run
from tests.support.factories import NOON, AccountFactory, UserFactory

pytestmark = pytest.mark.django_db
PASSWORD = "quiet harbour lantern"


def test_a_new_person_becomes_owner_of_an_account_that_the_switch_knows(switch: Switch) -> None:
    ran = run("grant", "Zoe@Example.com", "demo", "A-20417", "--json")
    membership = Membership.objects.get()
    assert (ran.code, ran.data) == (
        0,
        {"user": "zoe@example.com", "account": membership.account.public_id, "role": "owner"},
    )
    assert (membership.account.number, membership.account.name) == ("A-20417", "Zoë Chen")


def test_for_people_it_says_where_the_account_is(switch: Switch) -> None:
    ran = run("grant", "zoe@example.com", "demo", "A-20417")
    assert ran.out == f"zoe@example.com is owner of A-20417: /a/{Account.objects.get(number='A-20417').public_id}/\n"


def test_the_first_line_of_the_input_is_the_password(switch: Switch, client: Client) -> None:
    assert run("grant", "zoe@example.com", "demo", "A-20417", "--password-stdin", stdin=f"{PASSWORD}\nmore\n").code == 0
    assert client.login(username="zoe@example.com", password=PASSWORD)


def test_a_granted_login_works_at_the_door(switch: Switch, client: Client) -> None:
    run("grant", "zoe@example.com", "demo", "A-20417", "--password-stdin", stdin=PASSWORD)
    client.post("/account/login/", {"login": "zoe@example.com", "password": PASSWORD})
    assert client.session["_auth_user_id"] == str(User.objects.get().pk)


def test_without_a_password_the_mail_for_a_forgotten_one_is_the_way_in(switch: Switch, client: Client) -> None:
    run("grant", "zoe@example.com", "demo", "A-20417")
    assert not User.objects.get().has_usable_password()
    client.post("/account/password/reset/", {"email": "zoe@example.com"})
    link = re.search(r"/account/password/reset/key/\S+", str(mail.outbox[0].body))
    assert link
    form = client.get(link.group(), follow=True).request["PATH_INFO"]
    client.post(form, {"password1": PASSWORD, "password2": PASSWORD})
    assert client.login(username="zoe@example.com", password=PASSWORD)


@pytest.mark.parametrize("password", ["short", "password123", "1" * 9, ""])
def test_a_weak_password_makes_nobody(switch: Switch, password: str) -> None:
    ran = run("grant", "zoe@example.com", "demo", "A-20417", "--password-stdin", stdin=f"{password}\n")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.strip()
    assert not User.objects.exists()


@pytest.mark.parametrize("email", ["nobody", "a@b", "", "a b@example.com", "a@example.com\n"])
def test_an_address_that_is_none_is_bad_use(switch: Switch, email: str) -> None:
    ran = run("grant", email, "demo", "A-20417")
    assert ran.code == (0 if email.strip() == "a@example.com" else 2)
    assert User.objects.count() == (ran.code == 0)


def test_a_second_grant_changes_the_role_that_is_named(switch: Switch) -> None:
    run("grant", "zoe@example.com", "demo", "A-20417", "--role", "viewer")
    assert run("grant", "ZOE@example.com", "demo", "A-20417", "--json").data["role"] == "viewer"
    assert run("grant", "zoe@example.com", "demo", "A-20417", "--role=owner", "--json").data["role"] == "owner"
    assert Membership.objects.get().role == Role.OWNER
    assert User.objects.count() == 1


def test_the_last_owner_stays_one_until_somebody_else_is(switch: Switch) -> None:
    run("grant", "zoe@example.com", "demo", "A-20417")
    ran = run("grant", "zoe@example.com", "demo", "A-20417", "--role", "viewer")
    assert (ran.code, Membership.objects.get().role) == (1, Role.OWNER)
    assert "A-20417 has no other owner" in ran.err
    run("grant", "nia@example.com", "demo", "A-20417")
    assert run("grant", "zoe@example.com", "demo", "A-20417", "--role", "viewer").code == 0


def test_somebody_who_is_there_keeps_password_and_session(switch: Switch, client: Client) -> None:
    user = UserFactory.create(email="zoe@example.com")
    client.force_login(user)
    run("grant", "zoe@example.com", "demo", "A-20417")
    run("grant", "zoe@example.com", "demo", "A-20418", "--password-stdin", stdin="correct horse battery\n")
    assert client.get("/account/password/change/").status_code == 200
    user.refresh_from_db()
    assert user.check_password("correct horse battery")


def test_an_unknown_account_is_a_failure_and_makes_nobody(switch: Switch) -> None:
    ran = run("grant", "zoe@example.com", "demo", "A-99999", "--json")
    assert (ran.code, ran.out) == (1, "")
    assert "A-99999" in ran.err
    assert not User.objects.exists()
    assert not Account.objects.filter(number="A-99999").exists()


def test_an_unknown_switch_is_bad_use() -> None:
    assert run("grant", "zoe@example.com", "nowhere", "A-20417").code == 2


def test_an_unknown_role_is_bad_use(switch: Switch) -> None:
    assert run("grant", "zoe@example.com", "demo", "A-20417", "--role", "king").code == 2


def test_a_switch_that_does_not_answer_fails_an_account_never_seen() -> None:
    AccountFactory.create(switch__name="dead", number="A-1", profile_at=None)
    ran = run("grant", "zoe@example.com", "dead", "A-2")
    assert ran.code == 1
    assert "A-2" in ran.err
    assert not User.objects.exists()


def test_a_switch_that_does_not_answer_does_not_hold_up_an_account_seen_before() -> None:
    AccountFactory.create(switch__name="dead", number="A-1", profile_at=None)
    assert run("grant", "zoe@example.com", "dead", "A-1").code == 0
    assert Membership.objects.get().account.number == "A-1"


def test_an_agents_children_are_there_at_once(switch: Switch) -> None:
    run("grant", "mara@example.com", "demo", "R-100")
    children = Account.objects.filter(parent__number="R-100").values_list("number", flat=True)
    assert {"A-20417", "A-20418", "A-20419"} <= set(children)


def test_an_agents_children_are_asked_for_even_of_an_agent_known_before(
    switch: Switch, simulator: SimulatorProcess
) -> None:
    profiles.ensure(switch=switch, number="R-100", now=NOON)
    run("grant", "mara@example.com", "demo", "R-100")
    assert Account.objects.filter(parent__number="R-100").exists()


def test_staff_become_support_agents(switch: Switch, client: Client) -> None:
    run("grant", "sam@example.com", "demo", "A-20417", "--staff")
    user = User.objects.get()
    assert user.is_staff
    assert [group.name for group in user.groups.all()] == ["support"]
    client.force_login(user)
    assert client.get("/staff/").status_code == 200


def test_without_staff_nobody_becomes_staff(switch: Switch) -> None:
    run("grant", "zoe@example.com", "demo", "A-20417")
    assert not User.objects.filter(is_staff=True).exists()
