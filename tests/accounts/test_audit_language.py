"""The audit trail says the same in whatever language the pages are read."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from accounts.models import AuditEntry
from accounts.services.people import confirm_address
from billing.customers.models import ChangeKind, ChangeState, CustomerChange
from billing.customers.services import changes, states
from billing.topups.models import TopUp, TopUpState
from tests.access.steps import account_steps, staff_steps
from tests.access.walking import surprises
from tests.access.world import World, build
from tests.support.factories import UserFactory
from tests.support.logins import give_app, log_in
from tests.support.pseudo_language import LANGUAGE, MARK, write_catalogue

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def other_language(tmp_path: Path, settings: Any) -> Iterator[None]:
    write_catalogue(tmp_path)
    settings.LOCALE_PATHS = [tmp_path]
    with translation.override(LANGUAGE):
        yield


def translated() -> list[tuple[str, str, str, dict[str, Any]]]:
    """The entries that hold words of the language that is read."""
    entries = AuditEntry.objects.values_list("action", "subject", "text", "changes")
    return [entry for entry in entries if MARK in str(entry)]


def request(world: World, kind: ChangeKind) -> CustomerChange:
    agent, child, by, now = world.accounts["account"], world.accounts["child"], world.users["owner"], timezone.now()
    common: dict[str, Any] = {"agent": agent, "by": by, "key": kind, "now": now, "hand_over": False}
    if kind == ChangeKind.OPEN:
        terms: dict[str, Any] = {
            "number": "N-1",
            "name": "New Shop",
            "overdraft": Decimal(0),
            "rate_group": "",
            "email": "n@example.com",
        }
        return changes.open_account(**common, **terms)
    if kind == ChangeKind.OVERDRAFT:
        return changes.set_overdraft(account=child, overdraft=Decimal(5), **common)
    return changes.set_lock(account=child, locked=kind == ChangeKind.LOCK, **common)


def test_what_is_marked_is_read_in_the_other_language() -> None:
    assert str(ChangeKind.LOCK.label) == "⟦lock it⟧"


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (ChangeKind.OPEN, "open, overdraft 0, invites n@example.com"),
        (ChangeKind.LOCK, "lock"),
        (ChangeKind.UNLOCK, "unlock"),
        (ChangeKind.OVERDRAFT, "overdraft 5"),
    ],
)
def test_a_change_of_a_customer_is_kept_in_codes(kind: ChangeKind, text: str) -> None:
    world = build()
    CustomerChange.objects.update(state=ChangeState.DONE, settled_at=timezone.now())
    states.finish(request(world, kind), now=timezone.now())
    entries = AuditEntry.objects.filter(subject_type="customers.customerchange")
    assert [entry.text for entry in entries] == [text, text]
    assert translated() == []


@pytest.mark.parametrize("role", ["owner", "superuser"])
def test_whatever_a_person_does_is_kept_in_no_readers_language(role: str, settings: Any) -> None:
    settings.PAYMENT_PROVIDER = "demo"
    world = build()
    done = [step for step in (*account_steps(world, [role]), *staff_steps(world, [role])) if step.method == "POST"]
    before = AuditEntry.objects.count()
    surprises(world, {step.page: step for step in done if step.expected not in ("403", "404", "405")}.values())
    assert AuditEntry.objects.count() > before
    assert translated() == []


def test_a_decision_is_kept_in_codes() -> None:
    world, topup = build(), TopUp.objects.get(state=TopUpState.REVIEW)
    decide = reverse("admin:topups_topup_decide", args=[topup.pk])
    world.client("billing").post(decide, {"verdict": "not_applied", "why": "Asked the operator."})
    assert AuditEntry.objects.get(action="decided").changes == {"state": ["review", "not_applied"]}
    assert translated() == []


def test_a_wrong_code_of_a_factor_is_kept_in_codes(client: Client) -> None:
    user = UserFactory.create()
    confirm_address(user)
    give_app(user)
    client, _ = log_in(user)
    client.post("/account/2fa/authenticate/", {"code": "000000"})
    assert AuditEntry.objects.filter(text="totp").exists()
    assert translated() == []


def test_no_row_has_a_name_in_the_readers_language() -> None:
    """The trail keeps the name of what an entry is about. Entries themselves are no such thing."""
    ours = [model for model in apps.get_models() if model.__module__.startswith(("accounts.", "billing."))]
    named_by = {model._meta.label: inspect.getsource(model.__str__) for model in ours if model is not AuditEntry}
    assert [label for label, source in named_by.items() if re.search(r"_display|gettext|\.label", source)] == []
