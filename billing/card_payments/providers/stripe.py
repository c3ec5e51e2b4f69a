"""Stripe Checkout: the person pays on Stripe's own page (docs.stripe.com/payments/checkout)."""

from __future__ import annotations

import json
import logging
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, Final

import stripe
from django.conf import settings
from django.utils import timezone, translation
from django.utils.translation import gettext

from billing.card_payments.models import CardPayment, ProviderReason
from billing.card_payments.providers.base import (
    OPEN_FOR,
    NotFromProvider,
    PageClosed,
    ProviderFailed,
    ProviderRefused,
    ProviderUnreachable,
    ReversalReport,
    ReversalsReport,
    Session,
    SessionReport,
)
from billing.card_payments.providers.currencies import payable_places, to_units
from billing.card_payments.providers.stripe_objects import (
    OddShape,
    read_dispute,
    read_event,
    read_refund,
    read_session,
    reference_in,
)

logger = logging.getLogger(__name__)

TIMEOUT_SECONDS = (3, 8)  # to connect, to answer
RETRIES = 1  # under the same idempotency key
# How far Stripe's clock may be from ours, when sessions are searched by when they were made.
CLOCKS_DIFFER: Final = timedelta(minutes=5)
AT_ONCE, MOST_PAGES = 100, 20


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
            "product_data": {"name": _title(account.number)},
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
        except stripe.IdempotencyError as error:
            # It was asked before with something else, such as another address of the portal.
            return self._opened_before(payment, now, error)
        except stripe.StripeError as error:
            raise _failure(error) from error
        if not opened.url:
            raise PageClosed
        return Session(id=opened.id, url=opened.url)

    def _opened_before(self, payment: CardPayment, now: datetime, error: stripe.StripeError) -> Session:
        found = self.find(payment=payment, now=now)
        if found is None:
            raise ProviderFailed(ProviderReason.NO_ANSWER) from error
        if not found.url:
            raise PageClosed from error
        return Session(id=found.session, url=found.url)

    def look(self, *, session: str) -> SessionReport:
        try:
            found = self._client.v1.checkout.sessions.retrieve(session, {"expand": ["payment_intent"]})
        except stripe.StripeError as error:
            raise _failure(error) from error
        return _readable_session(found.to_dict())

    def find(self, *, payment: CardPayment, now: datetime) -> SessionReport | None:
        since, until = payment.started_at - CLOCKS_DIFFER, now + CLOCKS_DIFFER
        created: Any = {"gte": int(since.timestamp()), "lte": int(until.timestamp())}
        try:
            page = self._client.v1.checkout.sessions.list({"created": created, "limit": AT_ONCE})
            for _ in range(MOST_PAGES):
                for session in page.data:
                    if session.client_reference_id == payment.reference:
                        return _readable_session(session.to_dict())
                if not page.has_more:
                    return None
                page = page.next_page()
        except stripe.StripeError as error:
            raise _failure(error) from error
        logger.error("%s was not found among %d sessions at Stripe, and there are more", payment, MOST_PAGES * AT_ONCE)
        raise _unknown()

    def expire(self, *, session: str) -> None:
        try:
            self._client.v1.checkout.sessions.expire(session)
        except stripe.StripeError as error:
            raise _failure(error) from error

    def reversals(self, *, intent: str) -> tuple[ReversalReport, ...]:
        now, of_intent = timezone.now(), {"payment_intent": intent, "limit": AT_ONCE}
        client: Any = self._client.v1
        try:
            refunds = [
                read_refund(refund.to_dict(), now) for refund in client.refunds.list(of_intent).auto_paging_iter()
            ]
            disputes = [
                read_dispute(dispute.to_dict(), now) for dispute in client.disputes.list(of_intent).auto_paging_iter()
            ]
        except stripe.StripeError as error:
            raise _failure(error) from error
        except OddShape as error:
            raise _odd(error) from error
        return (*refunds, *disputes)

    def reference_of(self, *, intent: str) -> str:
        try:
            found = self._client.v1.payment_intents.retrieve(intent)
        except stripe.InvalidRequestError:
            logger.info("Stripe reports about a payment that it does not know")
            return ""
        except stripe.StripeError as error:
            failure = _failure(error)
            raise failure if isinstance(failure, ProviderUnreachable) else _unknown() from error
        return reference_in(found.to_dict())

    def read(self, *, body: bytes, signature: str) -> SessionReport | ReversalsReport | None:
        if not signature.isascii():
            raise NotFromProvider
        try:
            stripe.WebhookSignature.verify_header(
                body, signature, settings.STRIPE_WEBHOOK_SECRET, stripe.Webhook.DEFAULT_TOLERANCE
            )
        except (stripe.SignatureVerificationError, ValueError) as error:
            raise NotFromProvider from error
        try:
            return read_event(json.loads(body))
        except (ValueError, RecursionError) as error:
            # Repeating it would not make it readable: it is answered, and the sweep asks what it was about.
            logger.error("A signed report of Stripe cannot be read: %s", error)  # noqa: TRY400  # nothing of ours broke
            return None


def _title(account: str) -> str:
    """What the person reads on Stripe's page, in one language: the same key must come with the same content."""
    with translation.override(settings.LANGUAGE_CODE):
        return gettext("Top-up of %(account)s") % {"account": account}


def _readable_session(session: dict[str, Any]) -> SessionReport:
    try:
        return read_session(session)
    except OddShape as error:
        raise _odd(error) from error


def _odd(error: OddShape) -> ProviderUnreachable:
    logger.error("An answer of Stripe cannot be read: %s", error)
    return _unknown()


def _unknown() -> ProviderUnreachable:
    return ProviderUnreachable(ProviderReason.NO_ANSWER)


def _failure(error: stripe.StripeError) -> ProviderRefused | ProviderUnreachable:
    """Log what the operator needs. The person cannot mend a key, and is not shown Stripe's words."""
    details = (type(error).__name__, error.http_status, error.code, error.request_id)
    if isinstance(error, (stripe.APIConnectionError, stripe.RateLimitError, stripe.APIError)):
        logger.warning("Stripe could not be asked: %s, HTTP %s, code %s, request %s", *details)
        has_failed = (error.http_status or 0) >= HTTPStatus.INTERNAL_SERVER_ERROR
        return (ProviderFailed if has_failed else ProviderUnreachable)(ProviderReason.NO_ANSWER)
    logger.error("Stripe refused: %s, HTTP %s, code %s, request %s", *details)
    if error.code == "amount_too_small":
        return ProviderRefused(ProviderReason.TOO_SMALL)
    if error.code == "amount_too_large":
        return ProviderRefused(ProviderReason.TOO_LARGE)
    return ProviderRefused(ProviderReason.REFUSED)
