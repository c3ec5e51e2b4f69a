"""Every command of ours, whomever and whatever it names: what comes of it is what the table says.

`pytest tests/access/test_commands.py -rP` prints the size.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from contextlib import redirect_stderr
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.core import mail
from django.core.management import BaseCommand, CommandError, call_command, get_commands, load_command_class
from django.db import transaction
from django.utils import timezone

from accounts.models import ClaimPhrase, Invitation, Membership, Role, Switch, User
from billing.balances.services import profiles
from billing.lib.redis import connection as redis
from billing.topups.models import Source, TopUp
from billing.topups.services import requests as topup_requests
from simulator.process import SimulatorProcess
from tests.access import command_table as table
from tests.access.grids import cells
from tests.access.table import STAFF
from tests.support.factories import AccountFactory, MembershipFactory, SwitchFactory, UserFactory
from tests.support.staffsite import staff, superuser

NAMELESS = "·"
AS_IT_IS = "as-it-is"
OUTCOMES = {0: "done", 1: "failed", 2: "refused"}
# Of Django's own, and of every command of ours.
OF_EVERY_COMMAND = {action.dest for action in BaseCommand().create_parser("manage.py", "any")._actions} | {"json"}
WRITTEN = (User, Membership, Invitation, ClaimPhrase, TopUp, Switch)
FOREIGN_NAME = "Foreign Freight"


Traces = dict[str, int]


@dataclass(frozen=True)
class Call:
    command: str
    person: str
    column: str
    expected: str
    arguments: tuple[str, ...]


@dataclass(frozen=True)
class Came:
    """What came of a call, what it said, and how many rows of each kind, and mails, there were then."""

    outcome: str
    said: str
    traces: Traces


@pytest.fixture
def people(switch: Switch) -> dict[str, User]:
    """By role: of A-31001 and the agents above it, of the agent R-100, of W-900, and the staff."""
    deaf = SwitchFactory.create(name="other", url="http://127.0.0.1:9")
    AccountFactory.create(switch=deaf, number="X-1", name=FOREIGN_NAME)
    numbers = ("A-31001", "R-210", "R-200", "R-100", "W-900", "A-20417")
    of = {number: profiles.ensure(switch=switch, number=number, now=timezone.now()) for number in numbers}
    owners = {"owner": "A-31001", "parent": "R-210", "grandparent": "R-200", "sibling": "R-100", "stranger": "W-900"}
    found: dict[str, User] = {
        role: MembershipFactory.create(account=of[number]).user for role, number in owners.items()
    }
    found["viewer"] = MembershipFactory.create(account=of["A-31001"], role=Role.VIEWER).user
    found |= {role: superuser() if role == "superuser" else staff(role) for role in STAFF}
    for user in found.values():
        topup_requests.request(
            account=of["A-20417"],
            amount=Decimal(1),
            by=user,
            key="taken",
            source=Source.OPERATOR,
            now=timezone.now(),
            send_by_worker=False,
            besides_unsettled=True,
        )
    found["left"] = UserFactory.create(is_active=False)
    return found


def test_every_command_and_each_of_its_parameters_stands_in_the_table() -> None:
    own = {config.name for config in apps.get_app_configs() if is_ours(config.path)}
    commands = {name for name, app in get_commands().items() if app in own}
    assert commands == {*table.CALLS, *table.SHOWN_ELSEWHERE}
    for name in commands:
        changed = {column.partition("=")[0] for _, column, _ in all_cells(name)} - {AS_IT_IS}
        people = {table.PERSON[name]} if name in table.PERSON else set()
        values = set(table.VALUES.get(name, ()))
        assert (name, sorted(changed | people | values)) == (name, sorted(parameters(name)))
    assert all((settings.BASE_DIR / test).is_file() for test in table.SHOWN_ELSEWHERE.values())


def test_every_command_does_what_the_table_says(people: dict[str, User], simulator: SimulatorProcess) -> None:
    steps = list(calls(people))
    before = traces()
    came = [come_of(step) for step in steps]
    sent = len(simulator.control.received("Pay"))

    pairs = list(zip(steps, came, strict=True))
    assert [f"{step}: {one.outcome}, {one.said}" for step, one in pairs if one.outcome != step.expected] == []
    assert [step for step, one in pairs if one.outcome != "done" and one.traces != before] == []
    assert [step for step, one in pairs if FOREIGN_NAME in one.said] == []
    # What was written down was paid, and nothing else.
    assert sent == sum(one.traces["topup"] - before["topup"] for one in came) > 0
    parts: dict[str, set[Any]] = {
        "commands": {step.command for step in steps},
        "people": {step.person for step in steps} - {NAMELESS},
        "parameters": {(step.command, step.column.partition("=")[0]) for step in steps},
    }
    sizes = ", ".join(f"{len(found)} {name}" for name, found in parts.items())
    sys.stdout.write(f"Commands: {sizes}: {len(steps)} calls, no surprises.\n")


def calls(people: dict[str, User]) -> Iterator[Call]:
    for command in table.CALLS:
        for person, column, cell in all_cells(command):
            values = dict(table.CALLS[command])
            if column != AS_IT_IS:
                name, _, value = column.partition("=")
                values[name] = value
            if person != NAMELESS:
                values[table.PERSON[command]] = address_of(person, people)
            yield Call(command, person, column, cell, tuple(arguments(command, values)))


def all_cells(command: str) -> Iterator[tuple[str, str, str]]:
    for name, grid in table.GRIDS:
        if name == command:
            yield from ((person, column, cell) for (person,), column, cell in cells(grid))


def address_of(person: str, people: dict[str, User]) -> str:
    if person in people:
        return people[person].email
    return "no address" if person == "rubbish" else f"{person}@example.com"


def arguments(command: str, values: dict[str, str]) -> Iterator[str]:
    """In the order of the command's own parameters."""
    for action in parser(command)._actions:
        if action.dest in values:
            yield from action.option_strings[:1]
            if action.nargs != 0:
                yield values[action.dest]


def come_of(call: Call) -> Came:
    """Whatever it does is undone afterwards, so that no call sees what another one did.

    Redis would know of a top-up that the database then has forgotten.
    """
    out, err, mails = io.StringIO(), io.StringIO(), len(mail.outbox)
    point = transaction.savepoint()
    code = 0
    with redirect_stderr(err):
        try:
            call_command(call.command, *call.arguments, stdout=out, stderr=err)
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 1
        except CommandError as error:
            code = error.returncode
    found = traces()
    transaction.savepoint_rollback(point)
    redis().flushdb()
    del mail.outbox[mails:]
    return Came(OUTCOMES[code], out.getvalue() + err.getvalue(), found)


def traces() -> Traces:
    rows = {str(model._meta.model_name): model._default_manager.count() for model in WRITTEN}
    return {**rows, "mails": len(mail.outbox)}


def is_ours(path: str) -> bool:
    return settings.BASE_DIR in (Path(path).parent, Path(path).parent.parent)


def parameters(command: str) -> list[str]:
    return [action.dest for action in parser(command)._actions if action.dest not in OF_EVERY_COMMAND]


@cache
def parser(command: str) -> Any:
    return load_command_class(get_commands()[command], command).create_parser("manage.py", command)
