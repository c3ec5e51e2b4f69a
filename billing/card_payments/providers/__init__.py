"""The provider that takes payments by card, named by the setting PAYMENT_PROVIDER."""

from __future__ import annotations

from django.conf import settings

from billing.card_payments.providers.base import Provider


def current() -> Provider | None:
    """The provider in use. None: payments by card are not taken."""
    match settings.PAYMENT_PROVIDER:
        case "stripe":
            # Stripe's package is large: it is imported only where it is used.
            from billing.card_payments.providers.stripe import Stripe

            return Stripe()
        case "demo":
            from billing.card_payments.providers.demo import Demo

            return Demo()
    return None
