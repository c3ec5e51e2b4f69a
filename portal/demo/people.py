"""The sample people of the demo. Their passwords are drawn once for each folder and kept in it."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.core.management import call_command
from django.utils.crypto import get_random_string

from accounts.access import GRANTED
from accounts.models import Account, Switch, User
from accounts.services import audit, memberships, people, staff_groups
from billing.balances.services import profiles

SWITCH = "demo"
REQUESTS_PER_SECOND = 50  # the simulator next door bears it, and the first pages are full sooner
# No look-alikes: people type it from one screen into another.
PASSWORD_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # noqa: S105  # an alphabet


@dataclass(frozen=True)
class Person:
    role: str
    email: str
    name: str
    account: str
    about: str
    group: str = ""  # of the staff


PEOPLE = (
    Person("customer", "zoe@example.com", "Zoë Chen", "A-20417", "account A-20417"),
    Person("reseller", "mara@example.com", "Mara Lindqvist", "R-100", "agent R-100 and the accounts below it"),
    Person("support", "sam@example.com", "Sam Okafor", "", "every account, read-only, and /staff/", group="support"),
    Person("billing", "bea@example.com", "Bea Novak", "", "the same, and decides about money", group="billing"),
    Person(
        "operator", "omar@example.com", "Omar Haddad", "", "the same, and switches, limits, staff", group="operator"
    ),
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
    """Return the logins of this folder, drawn when it has none."""
    kept = folder / "passwords.json"
    passwords: dict[str, str] = json.loads(kept.read_text()) if kept.exists() else {}
    for person in PEOPLE:
        passwords.setdefault(person.email, "-".join(get_random_string(4, PASSWORD_LETTERS) for _ in range(4)))
    kept.touch(mode=0o600)
    kept.write_text(json.dumps(passwords))
    return [Login(person, passwords[person.email]) for person in PEOPLE]


def introduce(logins: Sequence[Login], *, simulator_url: str, now: datetime) -> None:
    """Make the switch and the people, or bring them up to date, as the operator's commands do."""
    with audit.within_command():
        _introduce(logins, simulator_url, now)


def _introduce(logins: Sequence[Login], simulator_url: str, now: datetime) -> None:
    options = (f"--budget={REQUESTS_PER_SECOND}", "--online-payments")
    call_command("switch", SWITCH, simulator_url, *options, stdout=io.StringIO())
    switch = Switch.objects.get(name=SWITCH)
    for login in logins:
        person = login.person
        if person.group:
            user = people.ensure_user(email=person.email, now=now, password=login.password)
            staff_groups.make_staff(user, person.group, now=now)
        else:
            account = profiles.ensure(switch=switch, number=person.account, now=now)
            if account.is_agent:
                profiles.refresh_children(agent=account, now=now)
                Account.objects.filter(pk=account.pk).update(**dict.fromkeys(GRANTED.values(), True))
            memberships.grant(email=person.email, account=account, role=None, now=now, password=login.password)
        User.objects.filter(email=person.email, name="").update(name=person.name)
