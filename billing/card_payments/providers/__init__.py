"""Who takes payments by card: the one that PAYMENT_PROVIDER names."""

from __future__ import annotations

from django.conf import settings

from billing.card_payments.providers.base import (
    OPEN_FOR,
    NotFromProvider,
    Progress,
    Provider,
    ProviderError,
    ProviderRefused,
    ProviderUnreachable,
    Session,
    SessionReport,
)

__all__ = [
    "OPEN_FOR",
    "NotFromProvider",
    "Progress",
    "Provider",
    "ProviderError",
    "ProviderRefused",
    "ProviderUnreachable",
    "Session",
    "SessionReport",
    "current",
]


def current() -> Provider | None:
    match settings.PAYMENT_PROVIDER:
        case "stripe":
            # Stripe's package is large: only who uses it waits for it.
            from billing.card_payments.providers.stripe import Stripe

            return Stripe()
        case "demo":
            from billing.card_payments.providers.demo import Demo

            return Demo()
    return None
