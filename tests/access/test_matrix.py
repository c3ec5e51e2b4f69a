"""Every address, as everybody, for everybody's objects: what comes of it is what the table says.

`pytest tests/access -rP` prints the size.
"""

from __future__ import annotations

import itertools
import logging
import sys
from collections.abc import Iterable
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound

from billing.exports.services import requests as export_requests
from billing.topups.models import Kind, TopUp
from tests.access import table
from tests.access.grids import cells
from tests.access.steps import MODELS, account_steps, other_staff_steps, other_steps, page_of, staff_steps, verbs
from tests.access.walking import Step, every_url, surprises
from tests.access.world import World, build


@pytest.fixture
def world(db: None, settings: Any, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> World:
    settings.PAYMENT_PROVIDER = "demo"
    # One person walks through more in a moment than anybody may ask for.
    monkeypatch.setattr(export_requests, "MOST_UNFINISHED", 1000)
    monkeypatch.setattr(export_requests, "MOST_KEPT", 1000)
    # A line for each of thousands of refusals helps no reader.
    caplog.set_level(logging.CRITICAL, "django.request")
    return build()


@pytest.fixture
def bare_404(monkeypatch: pytest.MonkeyPatch) -> None:
    """Thousands of these addresses are a 404, of which the status alone is judged: its page takes most of the time."""

    def nothing_here(request: HttpRequest, exception: Exception) -> HttpResponse:
        return HttpResponseNotFound()

    monkeypatch.setattr("portal.urls.handler404", nothing_here, raising=False)


def test_every_address_stands_in_the_table() -> None:
    of_rows = {page_of(model, verb) for model, (verb, _) in itertools.product(MODELS, verbs())}
    named = {page for text in (table.OTHER_PAGES, table.OTHER_STAFF_PAGES) for (page, _), *_ in cells(text)}
    of_accounts = {page for page, *_ in table.ACCOUNT_PAGES}
    assert sorted(set(every_url()) ^ (of_rows | named | of_accounts)) == []


@pytest.mark.usefixtures("bare_404")
@pytest.mark.parametrize("role", table.ROLES)
def test_every_page_of_an_account_opens_to_its_people_alone(world: World, role: str) -> None:
    steps = said(account_steps(world, [role]))
    before = set(TopUp.objects.values_list("pk", flat=True))
    assert surprises(world, steps) == []
    made = TopUp.objects.exclude(pk__in=before).filter(kind=Kind.CREDIT)
    allowed = [(role, about) for (who,), about, cell in cells(table.TOPS_UP) if cell == "page" and who == role]
    assert sorted((world.role_of(topup), world.name_of(topup)) for topup in made) == sorted(allowed)
    _print_size("Pages of accounts", steps)


@pytest.mark.parametrize("role", table.ROLES)
def test_every_other_page_opens_to_whom_it_is_for(world: World, role: str) -> None:
    steps = said(other_steps(world, [role]))
    assert surprises(world, steps) == []
    _print_size("Other pages", steps)


@pytest.mark.parametrize("role", table.ROLES)
def test_every_page_of_the_staff_site_opens_to_its_groups_alone(world: World, role: str) -> None:
    steps = said([*staff_steps(world, [role]), *other_staff_steps([role])])
    assert surprises(world, steps) == []
    _print_size("Staff site", steps)


def said(steps: Iterable[Step]) -> list[Step]:
    found = list(steps)
    assert found, "The table says nothing of this role."
    return found


def _print_size(what: str, steps: list[Step]) -> None:
    parts: dict[str, set[object]] = {
        "addresses": {step.page for step in steps},
        "roles": {step.role for step in steps},
        "objects": {step.about for step in steps},
        "methods": {(step.method, step.fragment) for step in steps},
    }
    sizes = ", ".join(f"{len(found)} {name}" for name, found in parts.items())
    sys.stdout.write(f"{what}: {sizes}: {len(steps)} requests, no surprises.\n")
