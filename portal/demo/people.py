"""The sample people of the demo. Their passwords are drawn once for each folder and kept in it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from django.contrib.auth.models import Group
from django.utils.crypto import get_random_string

from accounts.models import Account, Membership, Switch, User

SWITCH = "demo"
REQUESTS_PER_SECOND = Decimal(50)  # the simulator next door bears it, and the first pages are full sooner
# No look-alikes: people type it from one screen into another.
PASSWORD_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # noqa: S105  # an alphabet


@dataclass(frozen=True)
class Person:
    role: str
    email: str
    name: str
    account: str
    about: str
    is_staff: bool = False


PEOPLE = (
    Person("customer", "zoe@example.com", "Zoë Chen", "A-20417", "account A-20417"),
    Person("reseller", "mara@example.com", "Mara Lindqvist", "R-100", "agent R-100 and the accounts below it"),
    Person("support", "sam@example.com", "Sam Okafor", "", "every account, read-only, and /staff/", is_staff=True),
)


@dataclass(frozen=True)
class Login:
    person: Person
    password: str

    def as_json(self) -> dict[str, str]:
        person = self.person
        return {
            "role": person.role,
            "email": person.email,
            "password": self.password,
            "name": person.name,
            "account": person.account,
        }


def logins(folder: Path) -> list[Login]:
    """Those of this folder, drawn when it has none."""
    kept = folder / "passwords.json"
    passwords: dict[str, str] = json.loads(kept.read_text()) if kept.exists() else {}
    for person in PEOPLE:
        passwords.setdefault(person.email, "-".join(get_random_string(4, PASSWORD_LETTERS) for _ in range(4)))
    kept.touch(mode=0o600)
    kept.write_text(json.dumps(passwords))
    return [Login(person, passwords[person.email]) for person in PEOPLE]


def introduce(logins: Sequence[Login], *, simulator_url: str) -> Switch:
    """Make the switch and the people, or bring them up to date."""
    switch, _ = Switch.objects.update_or_create(
        name=SWITCH, defaults={"url": simulator_url, "requests_per_second": REQUESTS_PER_SECOND}
    )
    for login in logins:
        user = _user(login)
        if login.person.is_staff:
            user.groups.add(*Group.objects.filter(name="support"))
        else:
            account, _ = Account.objects.get_or_create(switch=switch, number=login.person.account)
            Membership.objects.get_or_create(user=user, account=account)
    return switch


def _user(login: Login) -> User:
    person = login.person
    user = User.objects.filter(email=person.email).first()
    if user is None:
        user = User.objects.create_user(person.email, name=person.name, is_staff=person.is_staff)
    if not user.check_password(login.password):
        user.set_password(login.password)
        user.save(update_fields=["password"])
    return user
