"""What the portal asks of a payment provider. No card is known here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum, auto
from typing import Protocol

from billing.card_payments.models import CardPayment, ProviderReason
from billing.lib.reasons import Because

# How long the provider's page can be paid on. Stripe allows half an hour to a day.
OPEN_FOR = timedelta(hours=1)


class Progress(Enum):
    """How far a payment has come at the provider."""

    PENDING = auto()  # may still be paid, or the bank is still at it
    PAID = auto()
    OVER = auto()  # surely not paid, and cannot be any more


@dataclass(frozen=True, kw_only=True)
class SessionReport:
    """The provider's statement about a session. `reference` is ours, as it was given to the provider."""

    session: str
    reference: str
    progress: Progress
    amount: Decimal
    currency: str


@dataclass(frozen=True, kw_only=True)
class Session:
    """A payment that was opened at the provider. `url` is the provider's page on which the person pays."""

    id: str
    url: str


class ProviderError(Exception):
    """The provider did not do what it was asked; nothing was paid by that."""

    def __init__(self, reason: ProviderReason) -> None:
        super().__init__(reason)
        self.because = Because(reason)


class ProviderUnreachable(ProviderError):
    """The provider did not answer, and may be asked again."""


class ProviderRefused(ProviderError):
    """The provider does not take this payment."""


class NotFromProvider(Exception):
    """A report that the provider did not sign, or signed too long ago."""


class Provider(Protocol):
    """A payment provider, as the portal uses it."""

    name: str

    def payable_places(self, currency: str) -> int:
        """How many decimal places an amount may have."""

    def open(self, *, payment: CardPayment, back: str, now: datetime) -> Session:
        """Open a session; the same payment gives the same one. Raises ProviderError.

        `back` is the address that the person comes back to.
        """

    def look(self, *, session: str) -> SessionReport:
        """Ask how a session stands now. Raises ProviderError."""

    def read(self, *, body: bytes, signature: str) -> SessionReport | None:
        """Read a signed report. None: it is about something else. Raises NotFromProvider."""
