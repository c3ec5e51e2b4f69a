"""A new SECRET_KEY takes over, with the old one among SECRET_KEY_FALLBACKS: nothing that was kept under it is lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from accounts.models import Switch, User
from accounts.services import people
from billing.balances.services import profiles
from billing.topups.models import TopUpState
from billing.topups.services import sending as topup_sending
from billing.topups.services import vouchers
from billing.topups.services.voucher_cards import Card
from simulator.process import SimulatorProcess
from tests.support.factories import UserFactory
from tests.support.logins import NEW_PASSWORD, code_of, enrol, is_logged_in, log_in

pytestmark = pytest.mark.django_db

OLD, NEW = "o" * 40, "n" * 40
AUTHENTICATE = "/account/2fa/authenticate/"


@pytest.fixture
def rotate(settings: Any) -> Callable[[], None]:
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = OLD, []

    def to_the_new_one() -> None:
        settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = NEW, [OLD]

    return to_the_new_one


@pytest.fixture
def user() -> User:
    user: User = UserFactory.create()
    people.confirm_address(user)
    return user


def test_a_voucher_card_that_waits_is_paid_in_after_all(
    switch: Switch, simulator: SimulatorProcess, user: User, rotate: Callable[[], None]
) -> None:
    account, now = profiles.ensure(switch=switch, number="C-301", now=timezone.now()), timezone.now()
    offer = vouchers.look(account=account, card=Card("90000003", "4103"), by=user, address="192.0.2.1", now=now)
    topup = vouchers.request(account=account, offer=offer, by=user, now=now, send_by_worker=False)
    rotate()
    topup_sending.carry_out(topup_id=topup.pk, now=now)
    topup.refresh_from_db()
    assert (topup.state, topup.sealed_card) == (TopUpState.CONFIRMED, "")


def test_the_app_and_the_recovery_codes_still_log_in(user: User, rotate: Callable[[], None]) -> None:
    secret, codes = enrol(user)
    rotate()
    for code in (codes[0], code_of(secret)):
        client, _ = log_in(user)
        client.post(AUTHENTICATE, {"code": code})
        assert is_logged_in(client)


def test_people_who_are_logged_in_stay_so_and_a_link_in_a_mail_still_works(
    user: User, rotate: Callable[[], None]
) -> None:
    client, _ = log_in(user)
    client.post("/account/password/reset/", {"email": user.email})
    rotate()
    assert is_logged_in(client)
    path = next(line for line in str(mail.outbox[-1].body).splitlines() if "/password/reset/key/" in line)
    page = client.get(path[path.index("/account/") :], follow=True)
    client.post(page.request["PATH_INFO"], {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD})
    user.refresh_from_db()
    assert user.check_password(NEW_PASSWORD)


def test_without_the_old_key_nothing_opens(user: User, rotate: Callable[[], None], settings: Any) -> None:
    client, _ = log_in(user)
    rotate()
    settings.SECRET_KEY_FALLBACKS = []
    assert not is_logged_in(client)
