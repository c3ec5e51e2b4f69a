"""What the portal asks of a payment provider. No card is known here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum, auto
from typing import Protocol

from billing.card_payments.models import CardPayment, ProviderReason, ReversalKind, ReversalState
from billing.lib.reasons import Because

# How long the provider's page can be paid on. Stripe allows half an hour to a day.
OPEN_FOR = timedelta(hours=1)


class Progress(Enum):
    """How far a payment has come at the provider."""

    PENDING = auto()  # may still be paid
    UNDER_WAY = auto()  # the person has done all; the bank has not, which may take days
    PAID = auto()
    OVER = auto()  # surely not paid, and cannot be any more


@dataclass(frozen=True, kw_only=True)
class SessionReport:
    """The provider's statement about a session. `reference` is ours, as it was given to the provider.

    `intent` is what the provider calls the charge. `url` is its page, while a person can still pay on it.
    """

    session: str
    reference: str
    progress: Progress
    amount: Decimal
    currency: str
    intent: str = ""
    url: str = ""


@dataclass(frozen=True, kw_only=True)
class ReversalReport:
    """The provider's statement about one refund or dispute, `number`. It was made at `told_at`, by its own clock."""

    number: str
    kind: ReversalKind
    state: ReversalState
    amount: Decimal
    currency: str
    grounds: str
    told_at: datetime


@dataclass(frozen=True, kw_only=True)
class ReversalsReport:
    """The provider's statement about refunds and disputes of one charge, `intent`.

    Unless it `is_whole`, the provider is to be asked for the rest.
    """

    intent: str
    found: tuple[ReversalReport, ...]
    is_whole: bool = True


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


class ProviderFailed(ProviderUnreachable):
    """The provider answered with an error of its own, which it may repeat for as long as it is asked the same."""


class ProviderRefused(ProviderError):
    """The provider does not take this payment."""


class PageClosed(ProviderRefused):
    """The payment was opened before, and can no longer be paid on its page."""

    def __init__(self) -> None:
        super().__init__(ProviderReason.CLOSED)


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

    def find(self, *, payment: CardPayment, now: datetime) -> SessionReport | None:
        """Search for the session of a payment whose opening was not answered. None: there surely is none.

        Raises ProviderError.
        """

    def expire(self, *, session: str) -> None:
        """Close the page of a session, so that it surely cannot be paid. Raises ProviderRefused where it is over."""

    def reversals(self, *, intent: str) -> tuple[ReversalReport, ...]:
        """Ask for the refunds and disputes of a charge. Raises ProviderError."""

    def reference_of(self, *, intent: str) -> str:
        """Ask which payment of ours a charge is for; "" for none. Raises ProviderUnreachable."""

    def read(self, *, body: bytes, signature: str) -> SessionReport | ReversalsReport | None:
        """Read a signed report. None: it is about something else, or cannot be read. Raises NotFromProvider."""
