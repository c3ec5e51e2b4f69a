from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Account, Switch, User
from billing.balances.services import profiles
from billing.card_payments.models import CardPayment
from simulator.process import SimulatorProcess
from tests.card_payments.support import begin, carry_out, report
from tests.support import stripe_server
from tests.support.factories import UserFactory
from tests.support.stripe_server import StripeServer, event


@pytest.fixture
def stripe(settings: Any) -> Iterator[StripeServer]:
    with stripe_server.running() as server:
        settings.PAYMENT_PROVIDER = "stripe"
        settings.STRIPE_SECRET_KEY = stripe_server.SECRET_KEY
        settings.STRIPE_WEBHOOK_SECRET = stripe_server.WEBHOOK_SECRET
        settings.STRIPE_API_BASE = server.url
        yield server


@pytest.fixture
def account(switch: Switch) -> Account:
    return profiles.ensure(switch=switch, number="C-301", now=timezone.now())


@pytest.fixture
def by() -> User:
    return UserFactory.create()


@pytest.fixture
def payment(stripe: StripeServer, account: Account, by: User) -> CardPayment:
    """Started, with the provider's page open."""
    return begin(account, by)


@pytest.fixture
def paid(payment: CardPayment, stripe: StripeServer, simulator: SimulatorProcess) -> CardPayment:
    """Paid and credited."""
    report(event(stripe.pay()))
    carry_out(payment)
    payment.refresh_from_db()
    return payment
