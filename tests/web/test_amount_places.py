"""Every place that takes an amount: whatever text comes, it is taken or refused in words, and nothing breaks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from importlib import import_module
from itertools import count
from typing import Any

import pytest
import redis
import requests
from django import forms
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import DecimalField
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from accounts.access import GRANTED
from accounts.models import Account, Switch
from accounts.models.account import NO_LIMIT
from accounts.web.number_field import WrittenDecimalField
from billing.balances.services import profiles
from billing.card_payments.models import CardPayment
from billing.customers.forms.changes import OverdraftField
from billing.customers.models import CustomerChange
from billing.switches.management.switch_options import FIELDS
from billing.topups.models import TopUp
from billing.web.form_fields import AmountField
from simulator.process import SimulatorProcess
from tests.support.commands import run
from tests.support.logins import logged_in
from tests.support.pages import context
from tests.support.staffsite import list_of, superuser
from tests.support.visitors import Visitor

pytestmark = pytest.mark.django_db

# More digits than a column holds, and what has been taken for a number elsewhere.
LARGE = [*("9" * digits for digits in range(11, 32)), "999999999999.999999", "1" + "0" * 12 + ".5"]
ODD = ["NaN", "-Infinity", "1e13", "1E+400", "0E-999999999", "0E+999999999", "1_000", "\0", "٣٣", "−5", "$", "1,234"]
TEXTS = st.sampled_from(LARGE + ODD) | st.text(max_size=30) | st.text("0123456789.,' -$€\u00a0", max_size=20)
KEYS = (f"key-{number}" for number in count())


@dataclass(frozen=True)
class World:
    mara: Visitor
    zoe: Visitor
    staff: Client
    redis: redis.Redis

    def credit(self, page: str) -> str:
        return reverse(f"admin:{page}", args=[self.zoe.account.pk])


@pytest.fixture
def world(mara: Visitor, zoe: Visitor, simulator: SimulatorProcess, redis_client: redis.Redis, settings: Any) -> World:
    settings.PAYMENT_PROVIDER = "demo"
    Switch.objects.update(online_payments=True, topup_limit=Decimal("999999999999"), fresh_login_above=None)
    # The forms of overdrafts ask for no less than what a column holds where the agent has no limit.
    body = {"account": mara.account.number, "limitMoney": int(NO_LIMIT)}
    assert requests.post(f"{simulator.url}/external/server/ModifyCustomer", json=body, timeout=5).json()["retCode"] == 0
    granted = dict.fromkeys(GRANTED.values(), True)
    Account.objects.filter(pk=mara.account.pk).update(overdraft=NO_LIMIT, **granted)
    profiles.refresh_children(agent=mara.account, now=timezone.now())
    client = logged_in(superuser())
    return World(mara, zoe, client, redis_client)


def top_up(world: World, step: str, amount: str) -> Any:
    data = {"amount": amount, "note": "", "key": next(KEYS), "again": "on"}
    return world.mara.client.post(world.zoe.page(step), data)


def credit(world: World, page: str, amount: str) -> Any:
    return world.staff.post(world.credit(page), {"amount": amount, "note": "why", "key": next(KEYS), "again": "on"})


def overdraft(world: World, amount: str) -> Any:
    CustomerChange.objects.update(state="refused", settled_at="2026-01-01T00:00Z")
    data = {"overdraft": amount, "key": next(KEYS)}
    return world.mara.client.post(world.zoe.page("overdraft/"), data)


def new_account(world: World, amount: str) -> Any:
    key = next(KEYS)
    data = {"number": f"N-{key}", "name": "Shop", "rate_group": "Retail", "overdraft": amount, "email": "", "key": key}
    world.mara.client.post("/account/reauthenticate/", {"password": "correct horse battery"})
    return world.mara.client.post(world.mara.page("customers/open/"), data)


def by_card(world: World, amount: str) -> Any:
    return world.zoe.client.post(world.zoe.page("topup/online/"), {"amount": amount, "key": next(KEYS)})


def bulk_file(world: World, amount: str) -> Any:
    content = f'account;amount\nA-20417;"{amount.replace(chr(34), "")}"\n'.encode(errors="replace")
    file = SimpleUploadedFile("x.csv", content, "text/csv")
    return world.mara.client.post(world.mara.page("customers/batch/upload/"), {"file": file}, follow=True)


def calls_filter(world: World, amount: str) -> Any:
    return world.zoe.client.get(world.zoe.page("calls/"), {"least_fee": amount})


def staff_form(address: Callable[[World], str], field: str) -> Callable[[World, str], Any]:
    """Post the page of a row with every field as it stands, but this one."""

    def post(world: World, amount: str) -> Any:
        place = address(world)
        form = context(world.staff.get(place))["adminform"].form
        return world.staff.post(place, {**dict(entered(form)), field: amount})

    return post


def entered(form: forms.BaseForm) -> Iterator[tuple[str, str]]:
    """What a browser would send of a form as it stands."""
    root = LexborHTMLParser(form.as_p()).root
    assert root is not None
    for node in root.css("input, textarea, option[selected]"):
        named = node.parent if node.tag == "option" else node
        name = (named.attributes.get("name") if named else None) or ""
        is_off = node.attributes.get("type") == "checkbox" and "checked" not in node.attributes
        if name and not is_off:
            yield name, node.text() if node.tag == "textarea" else node.attributes.get("value") or ""


def the_switch(world: World) -> str:
    return reverse("admin:accounts_switch_change", args=[world.zoe.account.switch_id])


def the_agent(world: World) -> str:
    return reverse("admin:accounts_account_change", args=[world.mara.account.pk])


def command(name: str, *options: str) -> Callable[[World, str], int]:
    """Exit code 0, 1 or 2: an error that is not foreseen is raised."""

    def code(world: World, amount: str) -> int:
        switch = world.zoe.account.switch
        named = {"url": switch.url, "by": world.mara.user.email, "key": next(KEYS)}
        figures = {"amount": amount.replace("\0", ""), **named}
        return run(name, switch.name, *(option.format(**figures) for option in options)).code

    return code


def staff_list(model: Any, field: str) -> Callable[[World, str], Any]:
    return lambda world, amount: world.staff.get(list_of(model), {field: amount})


LIMITS = {
    "--limit": "topup_limit",
    "--limit-per-user": "daily_limit_per_user",
    "--limit-per-account": "daily_limit_per_account",
    "--fresh-login-above": "fresh_login_above",
    "--budget": "requests_per_second",
}
# Each form and its field, or each command and its option, with what enters a text there.
PLACES: dict[str, Callable[[World, str], Any]] = {
    "TopUpForm.amount": lambda world, text: top_up(world, "topup/", text),
    "TopUpForm.amount, confirmed": lambda world, text: top_up(world, "topup/confirm/", text),
    "CreditForm.amount": lambda world, text: credit(world, "credit", text),
    "CreditForm.amount, confirmed": lambda world, text: credit(world, "credit_confirm", text),
    "CardPaymentForm.amount": by_card,
    "OverdraftForm.overdraft": overdraft,
    "OpenForm.overdraft": new_account,
    "CallFilterForm.least_fee": calls_filter,
    "bulk file": bulk_file,
    **{f"SwitchForm.{field}": staff_form(the_switch, field) for field in LIMITS.values()},
    "AccountForm.credit_without_debit": staff_form(the_agent, "credit_without_debit"),
    "topup amount": command("topup", "--by={by}", "--key={key}", "A-20417", "--", "{amount}"),
    **{f"switch {option}": command("switch", "{url}", f"{option}={{amount}}") for option in LIMITS},
    "list of top-ups": staff_list(TopUp, "amount"),
    "list of top-ups, from": staff_list(TopUp, "amount__gte"),
    "list of card payments": staff_list(CardPayment, "amount"),
}

# What these lead to is another page at the same address.
SHOWN = ("TopUpForm.amount", "CreditForm.amount", "CallFilterForm.least_fee")


@pytest.mark.parametrize("place", PLACES)
def test_any_text_is_taken_or_refused_in_words(world: World, place: str) -> None:
    @given(TEXTS)
    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    def enter(text: str) -> None:
        world.redis.flushdb()
        answer = PLACES[place](world, text)
        assert answer in (0, 1, 2) if isinstance(answer, int) else answer.status_code in (200, 302, 429)

    enter()


@pytest.mark.parametrize("place", PLACES)
def test_more_digits_than_a_column_holds_break_nothing(world: World, place: str) -> None:
    for digits in range(11, 19):
        answer = PLACES[place](world, "9" * digits)
        assert answer in (0, 1, 2) if isinstance(answer, int) else answer.status_code in (200, 302)


@pytest.mark.parametrize(
    "place",
    [
        "TopUpForm.amount, confirmed",
        "CreditForm.amount, confirmed",
        "CardPaymentForm.amount",
        "OverdraftForm.overdraft",
    ],
)
@pytest.mark.parametrize(
    ("text", "amount"), [("20,50", "20.5"), ("$20", "20"), ("1 000", "1000"), ("1,000.00", "1000")]
)
def test_what_people_type_is_taken_as_they_mean_it(world: World, place: str, text: str, amount: str) -> None:
    assert PLACES[place](world, text).status_code == 302
    written = [
        *TopUp.objects.filter(kind="credit").values_list("amount", flat=True),
        *CardPayment.objects.values_list("amount", flat=True),
        *CustomerChange.objects.values_list("overdraft", flat=True),
    ]
    assert written == [Decimal(amount)]


@pytest.mark.parametrize("text", ["12", "12,50", "1 000"])
@pytest.mark.parametrize("place", PLACES)
def test_a_fair_amount_is_taken_everywhere(world: World, place: str, text: str) -> None:
    answer = PLACES[place](world, text)
    if isinstance(answer, int):
        assert answer == 0
    elif place in SHOWN:
        assert not context(answer)["form"].errors
    elif "list" not in place:
        assert answer.status_code == 302 or answer.redirect_chain


def test_every_form_field_and_every_option_for_an_amount_is_among_these_places() -> None:
    import_module("portal.urls")
    named = {
        f"{form.__name__}.{name}"
        for form in every(forms.BaseForm)
        if form.__module__.partition(".")[0] in ("accounts", "billing", "portal")
        for name, field in form.base_fields.items()
        if isinstance(field, (AmountField, OverdraftField, WrittenDecimalField, forms.DecimalField, forms.FloatField))
    }
    assert named <= set(PLACES)
    columns = {field.name for field in Switch._meta.get_fields() if isinstance(field, DecimalField)}
    assert set(LIMITS.values()) == columns
    options = {f"switch --{option.replace('_', '-')}" for option, column in FIELDS.items() if column in columns}
    assert options <= set(PLACES)


def every(form: type[Any]) -> Iterator[type[Any]]:
    for below in form.__subclasses__():
        yield below
        yield from every(below)
