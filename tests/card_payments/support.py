"""What tests of payments by card at Stripe share."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.test import Client
from django.utils import timezone

from accounts.models import Account, User
from billing.card_payments.models import CardPayment
from billing.card_payments.services import payments
from billing.topups.models import TopUp
from billing.topups.services import sending
from tests.support.stripe_server import signed

WEBHOOK = "/payments/webhook/stripe/"
AMOUNT = Decimal("25.50")


def begin(
    account: Account, by: User, *, amount: Decimal = AMOUNT, key: str = "k1", at: datetime | None = None
) -> CardPayment:
    now = at or timezone.now()
    payment = payments.start(account=account, amount=amount, by=by, key=key, now=now)
    payments.open_page(payment=payment, back="https://portal.example.com/back/", now=now)
    payment.refresh_from_db()
    return payment


def report(body: str, signature: str | None = None) -> int:
    headers = {"Stripe-Signature": signed(body) if signature is None else signature}
    answer = Client().post(WEBHOOK, body, content_type="application/json", headers=headers)
    return answer.status_code


def states(payment: CardPayment) -> tuple[str, list[str]]:
    payment.refresh_from_db()
    return payment.state, [topup.state for topup in payment.topups.order_by("pk")]


def carry_out(payment: CardPayment) -> TopUp:
    return sending.carry_out(topup_id=payment.topups.get().pk, now=timezone.now())
