"""What the portal wants of a payment provider. Nothing here knows a card."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum, auto
from typing import Protocol

from billing.card_payments.models import CardPayment

# How long the provider's page can be paid on. Stripe allows half an hour to a day.
OPEN_FOR = timedelta(hours=1)


class Progress(Enum):
    PENDING = auto()  # may still be paid, or the bank is still at it
    PAID = auto()
    OVER = auto()  # surely not paid, and cannot be any more


@dataclass(frozen=True, kw_only=True)
class SessionReport:
    """A session as the provider states it. `reference` is ours, as it was given to the provider."""

    session: str
    reference: str
    progress: Progress
    amount: Decimal
    currency: str


@dataclass(frozen=True, kw_only=True)
class Session:
    """`url` is the page of the provider's on which the person pays."""

    id: str
    url: str


class ProviderError(Exception):
    """The provider did not do what it was asked; nothing was paid by that. The sentence is for the person."""


class ProviderUnreachable(ProviderError):
    """It may be asked again."""


class ProviderRefused(ProviderError):
    pass


class NotFromProvider(Exception):
    """A report that the provider did not sign, or signed too long ago."""


class Provider(Protocol):
    name: str

    def payable_places(self, currency: str) -> int:
        """How many decimal places an amount may have."""

    def open(self, *, payment: CardPayment, back: str, now: datetime) -> Session:
        """The same payment gives the same session. `back` is where the person comes back to; raises ProviderError."""

    def look(self, *, session: str) -> SessionReport:
        """How a session stands now; raises ProviderError."""

    def read(self, *, body: bytes, signature: str) -> SessionReport | None:
        """What a report says, or None when it is about something else. Raises NotFromProvider."""
