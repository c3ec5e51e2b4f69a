"""A switch says that money of an account changed: the portal looks for itself, and believes nothing."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Account, Switch
from billing.balances.services import balances, profiles
from billing.notifications import services as notifications
from billing.notifications.services import MONEY_CHANGED, MOST_A_MINUTE
from billing.notifications.views import LONGEST
from billing.switches.services.notify_address import notify_address
from portal.masking import masked
from simulator.process import SimulatorProcess
from tests.support.commands import run
from tests.support.factories import SwitchFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def account(switch: Switch) -> Account:
    return profiles.ensure(switch=switch, number="A-20417", now=timezone.now())


def tell(switch: Switch, body: object, page: str = MONEY_CHANGED) -> tuple[int, Any]:
    """Send a notification as the switch does, without a login; the status and the answer."""
    text = body if isinstance(body, (str, bytes)) else json.dumps(body)
    place = f"{urlsplit(notify_address(switch)).path}{page}"
    answer = Client().post(place, text, content_type="text/html;charset=UTF-8")
    return answer.status_code, answer.json() if answer.status_code == 200 else None


def test_money_that_changed_is_asked_for_by_the_next_visitor(account: Account, simulator: SimulatorProcess) -> None:
    now, asked = timezone.now(), len(simulator.control.received("GetCustomer"))
    assert not balances.current(account=account, now=now).asked
    assert tell(account.switch, {"account": account.number, "money": 999999.0}) == (200, {"retCode": 0})
    account.refresh_from_db()
    assert account.balance != 999999
    found = balances.current(account=account, now=timezone.now())
    assert found.asked
    assert not balances.current(account=found.account, now=timezone.now()).asked
    assert len(simulator.control.received("GetCustomer")) == asked + 1


def test_it_tells_of_its_own_accounts_alone(account: Account) -> None:
    assert tell(SwitchFactory.create(), {"account": account.number, "money": 1})[0] == 200
    account.refresh_from_db()
    assert account.money_changed_at is None


@pytest.mark.parametrize(
    "body", ["", "{", "[]", "null", b"\xff\xfe", {"account": 5}, {"account": "A-\0"}, {"account": ["x"]}, {"money": 1}]
)
def test_what_cannot_be_read_changes_nothing_and_is_answered(account: Account, body: object) -> None:
    assert tell(account.switch, body) == (200, {"retCode": 0})
    account.refresh_from_db()
    assert account.money_changed_at is None


@pytest.mark.parametrize("page", ["CallStateReport", "PhoneOnline", "AlarmCurrentReport"])
def test_what_is_not_shown_here_is_answered(account: Account, page: str) -> None:
    assert tell(account.switch, {"account": account.number}, page) == (200, {"retCode": 0})


def test_a_sender_that_does_not_know_the_address_finds_nothing(account: Account) -> None:
    known = urlsplit(notify_address(account.switch)).path
    for place in (
        f"/notify/{'0' * 64}/{MONEY_CHANGED}",
        f"{known}DeleteCustomer",
        f"{known[:-2]}{'1' if known[-2] == '0' else '0'}/{MONEY_CHANGED}",
    ):
        assert Client().post(place, "{}", content_type="text/html").status_code in (404, 200 * (place == known))
    assert Client().get(f"{known}{MONEY_CHANGED}").status_code == 405


def test_the_address_outlasts_a_new_secret_key(account: Account, settings: Any) -> None:
    old = urlsplit(notify_address(account.switch)).path
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "n" * 40, [settings.SECRET_KEY]
    assert Client().post(f"{old}{MONEY_CHANGED}", "{}", content_type="text/html").status_code == 200
    assert urlsplit(notify_address(account.switch)).path != old


def test_the_address_outlasts_a_new_version_of_the_portal(settings: Any) -> None:
    settings.SECRET_KEY = "k" * 40
    known = "b6201320339ac72e62e45190a3643b3a6543f61b255605a03e6c4a794fa3e77c"
    assert notify_address(Switch(pk=1)).endswith(f"/notify/{known}/")


def test_long_bodies_and_too_many_notifications_are_refused(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    assert tell(account.switch, "x" * (LONGEST + 1))[0] == 413
    monkeypatch.setattr(notifications, "MOST_A_MINUTE", 3)
    assert MOST_A_MINUTE > 3
    assert [tell(account.switch, "{}")[0] for _ in range(5)].count(429) >= 2


def test_an_operator_is_told_the_address_and_no_log_holds_it(account: Account) -> None:
    ran = run("switch", account.switch.name, account.switch.url, "--notify", "--json")
    assert ran.data["notify"] == notify_address(account.switch)
    assert ran.data["notify"].rstrip("/")[-64:] not in masked(f"POST {ran.data['notify']}{MONEY_CHANGED}")
