"""Stripe Checkout: the person pays on Stripe's own page (docs.stripe.com/payments/checkout)."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import stripe
from django.conf import settings
from django.utils.translation import gettext

from billing.card_payments.models import CardPayment, ProviderReason
from billing.card_payments.providers.base import (
    OPEN_FOR,
    NotFromProvider,
    Progress,
    ProviderRefused,
    ProviderUnreachable,
    Session,
    SessionReport,
)
from billing.card_payments.providers.currencies import from_units, payable_places, to_units

logger = logging.getLogger(__name__)

TIMEOUT_SECONDS = (3, 8)  # to connect, to answer
RETRIES = 1  # under the same idempotency key
FAILED = "checkout.session.async_payment_failed"
OF_A_SESSION: Final = frozenset(
    {"checkout.session.completed", "checkout.session.async_payment_succeeded", FAILED, "checkout.session.expired"}
)


class Stripe:
    name = "stripe"

    def __init__(self) -> None:
        self._client = stripe.StripeClient(
            settings.STRIPE_SECRET_KEY,
            base_addresses={"api": settings.STRIPE_API_BASE},
            http_client=stripe.RequestsClient(timeout=TIMEOUT_SECONDS),
            max_network_retries=RETRIES,
        )

    def payable_places(self, currency: str) -> int:
        return payable_places(currency)

    def open(self, *, payment: CardPayment, back: str, now: datetime) -> Session:
        account = payment.account
        price: Any = {
            "currency": payment.currency.lower(),
            "unit_amount": to_units(payment.amount, payment.currency),
            "product_data": {"name": gettext("Top-up of %(account)s") % {"account": account.number}},
        }
        try:
            opened = self._client.v1.checkout.sessions.create(
                {
                    "mode": "payment",
                    "client_reference_id": payment.reference,
                    "metadata": {"reference": payment.reference},
                    "payment_intent_data": {"metadata": {"reference": payment.reference}},
                    "line_items": [{"price_data": price, "quantity": 1}],
                    "success_url": back,
                    "cancel_url": back,
                    # Else Stripe may charge another currency at a rate of its own.
                    "adaptive_pricing": {"enabled": False},
                    "expires_at": int((payment.started_at + OPEN_FOR).timestamp()),
                },
                {"idempotency_key": payment.reference},
            )
        except stripe.StripeError as error:
            raise _failure(error) from error
        if not opened.url:
            raise ProviderRefused(ProviderReason.CLOSED)
        return Session(id=opened.id, url=opened.url)

    def look(self, *, session: str) -> SessionReport:
        try:
            found = self._client.v1.checkout.sessions.retrieve(session, {"expand": ["payment_intent"]})
        except stripe.StripeError as error:
            raise _failure(error) from error
        return _report(found.to_dict())

    def read(self, *, body: bytes, signature: str) -> SessionReport | None:
        if not signature.isascii():
            raise NotFromProvider
        try:
            stripe.WebhookSignature.verify_header(
                body, signature, settings.STRIPE_WEBHOOK_SECRET, stripe.Webhook.DEFAULT_TOLERANCE
            )
            event: Mapping[str, Any] = json.loads(body)
        except (stripe.SignatureVerificationError, ValueError) as error:
            raise NotFromProvider from error
        if event.get("type") not in OF_A_SESSION:
            return None
        return _report(event["data"]["object"], failed=event["type"] == FAILED)


def _report(session: Mapping[str, Any], *, failed: bool = False) -> SessionReport:
    currency = str(session.get("currency") or "").upper()
    return SessionReport(
        session=session["id"],
        reference=session.get("client_reference_id") or "",
        progress=Progress.OVER if failed else _progress(session),
        amount=from_units(session.get("amount_total") or 0, currency),
        currency=currency,
    )


def _progress(session: Mapping[str, Any]) -> Progress:
    if session.get("payment_status") == "paid":
        return Progress.PAID
    if session.get("status") == "expired" or (session.get("status") == "complete" and _has_failed(session)):
        return Progress.OVER
    return Progress.PENDING


def _has_failed(session: Mapping[str, Any]) -> bool:
    """Whether a payment that takes days, such as a direct debit, failed after its page was completed."""
    intent = session.get("payment_intent")
    return isinstance(intent, Mapping) and intent.get("status") in ("requires_payment_method", "canceled")


def _failure(error: stripe.StripeError) -> ProviderRefused | ProviderUnreachable:
    """Log what the operator needs. The person cannot mend a key, and is not shown Stripe's words."""
    details = (type(error).__name__, error.http_status, error.code, error.request_id)
    if isinstance(error, (stripe.APIConnectionError, stripe.RateLimitError, stripe.APIError)):
        logger.warning("Stripe could not be asked: %s, HTTP %s, code %s, request %s", *details)
        return ProviderUnreachable(ProviderReason.NO_ANSWER)
    logger.error("Stripe refused: %s, HTTP %s, code %s, request %s", *details)
    if error.code == "amount_too_small":
        return ProviderRefused(ProviderReason.TOO_SMALL)
    if error.code == "amount_too_large":
        return ProviderRefused(ProviderReason.TOO_LARGE)
    return ProviderRefused(ProviderReason.REFUSED)
