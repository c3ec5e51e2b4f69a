"""Sweeps up payments by card of which no report came, as when it was lost and the person closed the page."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F

from billing.card_payments.models import CardPayment, CardPaymentState
from billing.card_payments.providers.base import OPEN_FOR, ProviderError
from billing.card_payments.services import payments

logger = logging.getLogger(__name__)

MOST_AT_ONCE = 20
# Without a session the person was never shown where to pay.
NEVER_OPENED_AFTER = 2 * OPEN_FOR
# A payment that was just heard of is left so long to the process that credits it.
UNCREDITED_AFTER = timedelta(seconds=30)
# Cardholders can dispute a payment for 120 days, and the bank takes its time to pass that on.
WATCHED_FOR = timedelta(days=180)


@dataclass(frozen=True)
class SweptOnline:
    credited: int
    asked: int
    abandoned: int
    asked_for_reversals: int


def sweep(*, now: datetime) -> SweptOnline:
    return SweptOnline(
        credited=_credit_the_paid(now),
        asked=_ask(now),
        abandoned=_abandon_the_unopened(now),
        asked_for_reversals=_ask_for_reversals(now),
    )


def _credit_the_paid(now: datetime) -> int:
    """Credit payments whose process died between hearing of them and asking for their credit."""
    forgotten = CardPayment.objects.filter(
        state=CardPaymentState.PAID, topups__isnull=True, why__isnull=True, paid_at__lt=now - UNCREDITED_AFTER
    )
    return sum(payments.credit_first(payment=payment, now=now) is not None for payment in forgotten[:MOST_AT_ONCE])


def _ask(now: datetime) -> int:
    due = CardPayment.objects.filter(state=CardPaymentState.STARTED, next_look_at__lte=now).exclude(session="")
    return sum(_ask_about(payment, now) for payment in due.order_by("next_look_at")[:MOST_AT_ONCE])


def _ask_about(payment: CardPayment, now: datetime) -> bool:
    """Ask about one payment. One that fails must not keep the others waiting."""
    pause = payments.LOOKS.pause(payment.looks + 1)
    mine = CardPayment.objects.filter(pk=payment.pk, next_look_at=payment.next_look_at)
    if not mine.update(looks=F("looks") + 1, next_look_at=now + pause):
        return False
    try:
        payments.look(payment=payment, now=now)
    except ProviderError as error:
        logger.warning("%s could not be asked about: %s", payment, error)
    except Exception:
        logger.exception("%s could not be looked at", payment)
    return True


def _abandon_the_unopened(now: datetime) -> int:
    unopened = CardPayment.objects.filter(
        state=CardPaymentState.STARTED, session="", started_at__lt=now - NEVER_OPENED_AFTER
    )
    return unopened.update(state=CardPaymentState.ABANDONED)


def _ask_for_reversals(now: datetime) -> int:
    """Ask for refunds and disputes of recent payments, whose report may have been lost too."""
    due = CardPayment.objects.filter(next_reversal_look_at__lte=now).order_by("next_reversal_look_at")
    return sum(_ask_for_reversals_of(payment, now) for payment in due[:MOST_AT_ONCE])


def _ask_for_reversals_of(payment: CardPayment, now: datetime) -> bool:
    """Ask for those of one payment. One that fails must not keep the others waiting."""
    next_at = now + payments.REVERSAL_LOOKS.pause(payment.reversal_looks + 1)
    is_recent = payment.paid_at is not None and next_at < payment.paid_at + WATCHED_FOR
    mine = CardPayment.objects.filter(pk=payment.pk, next_reversal_look_at=payment.next_reversal_look_at)
    if not mine.update(reversal_looks=F("reversal_looks") + 1, next_reversal_look_at=next_at if is_recent else None):
        return False
    try:
        payments.look_for_reversals(payment=payment, now=now)
    except ProviderError as error:
        logger.warning("%s could not be asked about refunds and disputes: %s", payment, error)
    except Exception:
        logger.exception("Refunds and disputes of %s could not be looked at", payment)
    return True
