"""Reads what Stripe states: sessions, refunds and disputes (docs.stripe.com/api).

A statement may be of any shape, as other software may use the same Stripe account and interfaces change: what cannot be
read raises OddShape, and is never guessed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from django.utils import timezone

from billing.card_payments.models import ReversalKind, ReversalState
from billing.card_payments.providers.base import Progress, ReversalReport, ReversalsReport, SessionReport
from billing.card_payments.providers.currencies import from_units

LONGEST_TEXT = 200
MOST_UNITS = 10**12
LATEST = 10**11  # in seconds
OF_A_SESSION: Final = frozenset(
    {
        "checkout.session.completed",
        "checkout.session.async_payment_pending",
        "checkout.session.async_payment_succeeded",
        "checkout.session.async_payment_failed",
        "checkout.session.expired",
    }
)
# What the kind of an event says of a session that is not paid, whatever the session says itself.
SAID: Final = {
    "checkout.session.completed": Progress.UNDER_WAY,
    "checkout.session.async_payment_pending": Progress.UNDER_WAY,
    "checkout.session.async_payment_failed": Progress.OVER,
}
OF_A_REFUND: Final = frozenset({"refund.created", "refund.updated", "refund.failed", "charge.refund.updated"})
OF_A_CHARGE: Final = "charge.refunded"
OF_A_DISPUTE: Final = "charge.dispute."

REFUND_STATES: Final = {
    "succeeded": ReversalState.SUCCEEDED,
    "failed": ReversalState.FAILED,
    "canceled": ReversalState.FAILED,
}
# In every other state a dispute is open.
DISPUTE_STATES: Final = {
    "won": ReversalState.WON,
    "lost": ReversalState.LOST,
    "warning_closed": ReversalState.WITHDRAWN,
    "prevented": ReversalState.WITHDRAWN,
}


class OddShape(ValueError):
    """A statement that is not shaped as Stripe says."""


def read_event(event: object) -> SessionReport | ReversalsReport | None:
    """Read an event. None: it is about something else. Raises OddShape."""
    told = _mapping(event)
    kind = told.get("type")
    if not isinstance(kind, str):
        raise OddShape("type")
    told_at = _instant(told.get("created"))
    if kind in OF_A_SESSION:
        return read_session(_object(told), said=SAID.get(kind))
    if kind in OF_A_REFUND:
        refund = _object(told)
        return _of_charge(refund, (read_refund(refund, told_at),))
    if kind.startswith(OF_A_DISPUTE):
        dispute = _object(told)
        return _of_charge(dispute, (read_dispute(dispute, told_at),))
    return _read_charge(_object(told), told_at) if kind == OF_A_CHARGE else None


def read_session(session: Mapping[str, Any], *, said: Progress | None = None) -> SessionReport:
    """Read a session. `said` is what is known besides. Raises OddShape."""
    currency = text(session.get("currency")).upper()
    progress = _progress(session)
    return SessionReport(
        session=_named(session),
        reference=text(session.get("client_reference_id")),
        progress=said if said is Progress.OVER or (said and progress is Progress.PENDING) else progress,
        amount=_amount(session.get("amount_total") or 0, currency),
        currency=currency if len(currency) == 3 else "",
        intent=name_of(session.get("payment_intent")),
        url=str(session.get("url") or "") if session.get("status") == "open" else "",
    )


def read_refund(refund: Mapping[str, Any], told_at: datetime) -> ReversalReport:
    """Read a refund. Raises OddShape."""
    state = REFUND_STATES.get(text(refund.get("status")), ReversalState.PENDING)
    return _reversal(refund, ReversalKind.REFUND, state, told_at)


def read_dispute(dispute: Mapping[str, Any], told_at: datetime) -> ReversalReport:
    """Read a dispute. Raises OddShape."""
    state = DISPUTE_STATES.get(text(dispute.get("status")), ReversalState.OPENED)
    return _reversal(dispute, ReversalKind.DISPUTE, state, told_at)


def reference_in(described: Mapping[str, Any]) -> str:
    """Our reference, which a payment intent carries."""
    metadata = described.get("metadata")
    return text(metadata.get("reference")) if isinstance(metadata, Mapping) else ""


def name_of(value: object) -> str:
    """What Stripe calls an object that is named or, where it was expanded, there as a whole; "" for none."""
    return text(value.get("id")) if isinstance(value, Mapping) else text(value)


def text(value: object) -> str:
    """A short text; "" where it is none."""
    is_short = isinstance(value, str) and len(value) <= LONGEST_TEXT
    return value if is_short and "\0" not in value else ""  # type: ignore[return-value,operator]  # as is_short says


def _read_charge(charge: Mapping[str, Any], told_at: datetime) -> ReversalsReport:
    """Read what a refunded charge says. Newer versions of the interface leave its refunds out, or list some only."""
    listed = charge.get("refunds")
    rows = listed.get("data") if isinstance(listed, Mapping) else None
    refunds = tuple(read_refund(_mapping(row), told_at) for row in (rows if isinstance(rows, list) else ()))
    sum_listed = sum(refund.amount for refund in refunds if refund.state != ReversalState.FAILED)
    stated = _amount(charge.get("amount_refunded"), text(charge.get("currency")).upper())
    return _of_charge(charge, refunds, is_whole=sum_listed == stated)


def _of_charge(
    described: Mapping[str, Any], found: tuple[ReversalReport, ...], *, is_whole: bool = True
) -> ReversalsReport:
    intent = name_of(described.get("payment_intent"))
    return ReversalsReport(intent=intent, found=found, is_whole=is_whole)


def _reversal(
    described: Mapping[str, Any], kind: ReversalKind, state: ReversalState, told_at: datetime
) -> ReversalReport:
    currency = text(described.get("currency")).upper()
    amount = _amount(described.get("amount"), currency)
    if len(currency) != 3 or not amount:
        raise OddShape("amount")
    grounds = text(described.get("reason"))[:100]
    return ReversalReport(
        number=_named(described),
        kind=kind,
        state=state,
        amount=amount,
        currency=currency,
        grounds=grounds,
        told_at=told_at,
    )


def _progress(session: Mapping[str, Any]) -> Progress:
    if session.get("payment_status") == "paid":
        return Progress.PAID
    if session.get("status") == "expired" or (session.get("status") == "complete" and _has_failed(session)):
        return Progress.OVER
    return Progress.UNDER_WAY if session.get("status") == "complete" else Progress.PENDING


def _has_failed(session: Mapping[str, Any]) -> bool:
    """Whether a payment that takes days, such as a direct debit, failed after its page was completed."""
    intent = session.get("payment_intent")
    return isinstance(intent, Mapping) and intent.get("status") in ("requires_payment_method", "canceled")


def _instant(seconds: object) -> datetime:
    """An instant of Stripe's clock; now, where it names none."""
    if not isinstance(seconds, int) or not 0 < seconds < LATEST:
        return timezone.now()
    return datetime.fromtimestamp(seconds, UTC)


def _object(event: Mapping[str, Any]) -> Mapping[str, Any]:
    return _mapping(_mapping(event.get("data")).get("object"))


def _mapping(value: object) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise OddShape("object")
    return value


def _named(described: Mapping[str, Any]) -> str:
    if not (name := text(described.get("id"))):
        raise OddShape("id")
    return name


def _amount(units: object, currency: str) -> Decimal:
    if not isinstance(units, int) or isinstance(units, bool) or not 0 <= units <= MOST_UNITS:
        raise OddShape("amount")
    return from_units(units, currency)
