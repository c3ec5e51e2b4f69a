"""Decisions of staff about payments that are not credited: they are credited again, or paid back at the provider."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction

from accounts.models import AuditAction, User
from accounts.services import audit
from billing.card_payments.models import (
    MAY_SETTLE,
    RECEIVED,
    CardPayment,
    CardPaymentReason,
    CardPaymentState,
    SettlingReason,
)
from billing.card_payments.services import payments
from billing.lib.reasons import Because, RefusedBecause
from billing.topups.models import TopUp, TopUpState, Transition
from billing.topups.services import states as topup_states
from billing.topups.services.errors import TopUpRefused
from billing.topups.services.reissues import ReissueRefused, look_once_more
from billing.topups.services.states import UNDONE


class SettlingRefused(RefusedBecause):
    """The payment cannot be settled in this way."""


def credit_again(*, payment: CardPayment, by: User, why: str, now: datetime) -> TopUp:
    """Credit a payment by a new top-up with a reference of its own. Raises PermissionDenied or SettlingRefused.

    After a review it takes a second person, and one more look at the switch for each top-up that was reviewed.
    """
    _check_person(by, why)
    for reviewed in payment.topups.filter(state=TopUpState.NOT_APPLIED).select_related("account__switch"):
        _look_for(reviewed, now)
    return _credit_again(payment, by, why, now)


@transaction.atomic
def _credit_again(payment: CardPayment, by: User, why: str, now: datetime) -> TopUp:
    held = _locked_if_owed(payment)
    if held.state != CardPaymentState.PAID:
        raise SettlingRefused(Because(SettlingReason.ONLY_PAID_BACK))
    if held.reversals.all().takes_money().exists():
        raise SettlingRefused(Because(SettlingReason.REVERSED))
    if Transition.objects.filter(topup__online=held, to_state=TopUpState.NOT_APPLIED, by=by).exists():
        raise SettlingRefused(Because(SettlingReason.DECIDED_BY_YOU))
    try:
        topup = payments.credit(held=held, by=by, now=now)
    except TopUpRefused as refused:
        raise SettlingRefused(refused.because) from refused
    _note(AuditAction.REISSUED, held, by, now, f"Credited again by {topup}: {why.strip()}")
    return topup


@transaction.atomic
def mark_refunded(*, payment: CardPayment, by: User, why: str, now: datetime) -> CardPayment:
    """Write down that staff paid it back at the provider. Raises PermissionDenied or SettlingRefused.

    A credit that still waits to be sent is then never sent.
    """
    _check_person(by, why)
    instead = Because(CardPaymentReason.PAID_BACK, {"why": why.strip()})
    for waiting in payments.locked(payment).topups.filter(state=TopUpState.REQUESTED):
        # It may wait for years for a switch that is down: a worker that sends it now is quicker, or never sends it.
        topup_states.move(topup=waiting, to=TopUpState.REFUSED, now=now, by=by, why=instead)
    held = _locked_if_owed(payment)
    held.state = CardPaymentState.REFUNDED
    held.settled_at, held.settled_by, held.settled_why = now, by, why.strip()
    held.save(update_fields=["state", "settled_at", "settled_by", "settled_why"])
    held.reversals.all().unhandled().update(handled_at=now, handled_by=by, handled_why=why.strip())
    _note(AuditAction.DECIDED, held, by, now, f"Paid back at the provider: {why.strip()}")
    return held


@transaction.atomic
def mark_handled(*, payment: CardPayment, by: User, why: str, now: datetime) -> None:
    """Write down that a person looked at its refunds and disputes as they are now. Raises as `mark_refunded` does.

    What they do about it is done elsewhere: the portal takes nothing back by itself.
    """
    _check_person(by, why)
    held = payments.locked(payment)
    unhandled = held.reversals.all().unhandled()
    if not unhandled.update(handled_at=now, handled_by=by, handled_why=why.strip()):
        raise SettlingRefused(Because(SettlingReason.NOTHING_NEW))
    _note(AuditAction.DECIDED, held, by, now, f"Refunds and disputes handled: {why.strip()}")


def is_open(payment: CardPayment) -> bool:
    """Whether a person may settle it: it is received, and no top-up of it that was sent is done or could still be."""
    return _is_owed(payment, UNDONE | {TopUpState.REQUESTED})


def _is_owed(payment: CardPayment, undone: Collection[str]) -> bool:
    return payment.state in RECEIVED and not payment.topups.exclude(state__in=undone).exists()


def _check_person(by: User, why: str) -> None:
    if not by.has_perm(MAY_SETTLE):
        raise PermissionDenied
    if not why.strip():
        raise SettlingRefused(Because(SettlingReason.REASON_MISSING))


def _look_for(reviewed: TopUp, now: datetime) -> None:
    try:
        look_once_more(reviewed, now)
    except ReissueRefused as refused:
        raise SettlingRefused(refused.because) from refused


def _locked_if_owed(payment: CardPayment) -> CardPayment:
    """The payment, locked until the transaction ends. Raises SettlingRefused unless it may be settled."""
    held = payments.locked(payment)
    if not _is_owed(held, UNDONE):
        raise SettlingRefused(Because(SettlingReason.NOT_OWED))
    return held


def _note(action: AuditAction, payment: CardPayment, by: User, now: datetime, text: str) -> None:
    audit.note(action=action, now=now, by=by, subject=payment, text=text)
