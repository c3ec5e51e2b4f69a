"""Decisions about top-ups in review: a person ends the doubt that no look at the switch could end."""

from __future__ import annotations

import logging
from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q, QuerySet

from accounts.models import AuditAction, User
from accounts.services import audit
from billing.balances.models import Payment
from billing.lib.reasons import Because, RefusedBecause
from billing.switches.services import clients
from billing.switches.services.failures import FAILURES
from billing.topups.models import DecisionReason, TopUp, TopUpReason, TopUpState, references
from billing.topups.services import claims, lookups, states, voucher_states
from billing.topups.services.voucher_states import CardState, CardUse
from billing.vos3000.times import ANY_ZONE

logger = logging.getLogger(__name__)

VERDICTS = frozenset({TopUpState.CONFIRMED, TopUpState.NOT_APPLIED})
PERMISSION = "topups.change_topup"


class DecisionRefused(RefusedBecause):
    """The decision cannot be taken."""


def decide(
    *, topup: TopUp, verdict: TopUpState, by: User, why: str, now: datetime, payment: Payment | None = None
) -> TopUp:
    """End a review as confirmed or not applied, with a reason. Raises PermissionDenied or DecisionRefused.

    Confirming names the payment on the switch whenever there is one that it could be. Before the other verdict the
    switch is asked once more: a payment that it did not list at the last look may be there by now.
    """
    if not by.has_perm(PERMISSION):
        raise PermissionDenied
    if topup.state != TopUpState.REVIEW or verdict not in VERDICTS:
        raise DecisionRefused(Because(DecisionReason.NOT_IN_REVIEW))
    if not why.strip():
        raise DecisionRefused(Because(DecisionReason.REASON_MISSING))
    if verdict == TopUpState.NOT_APPLIED and _is_there_by_now(topup, now):
        raise DecisionRefused(Because(DecisionReason.LISTED))
    card = _card_of(topup, now)
    written = Because(TopUpReason.DECIDED, {"why": why})
    with transaction.atomic():
        if verdict == TopUpState.CONFIRMED:
            moved = _confirm(topup, by, written, now, payment)
        else:
            moved = _mark_not_applied(topup, by, written, now, card)
        if not moved:
            raise DecisionRefused(Because(DecisionReason.JUST_DECIDED))
        decided = {"state": (str(TopUpState.REVIEW.value), str(verdict.value))}
        audit.note(action=AuditAction.DECIDED, now=now, by=by, subject=topup, text=why, changes=decided)
    return topup


def candidates(topup: TopUp) -> QuerySet[Payment]:
    """Mirrored payments that could be this top-up: of its account and amount, of no other top-up, and not older.

    One that carries its reference may be older by as much as a zone or a clock can be wrong.
    """
    sent_at = topup.sent_at or topup.requested_at
    is_not_older = Q(paid_at__gte=sent_at - topup.account.switch.clock_tolerance)
    is_named = Q(paid_at__gte=sent_at - ANY_ZONE, memo__contains=topup.reference)
    payments = Payment.objects.filter(
        is_not_older | is_named, account=topup.account, amount=topup.amount, topup__isnull=True
    ).order_by("paid_at", "id")
    others = [payment.pk for payment in payments if set(references(payment.memo)) - {topup.reference}]
    return payments.exclude(pk__in=others)


def _confirm(topup: TopUp, by: User, why: Because, now: datetime, payment: Payment | None) -> bool:
    possible = list(candidates(topup))
    if possible and payment not in possible:
        raise DecisionRefused(Because(DecisionReason.PAYMENT_MISSING))
    if not possible and payment is not None:
        raise DecisionRefused(Because(DecisionReason.PAYMENT_UNFIT))
    if payment is None:
        return states.move(topup=topup, to=TopUpState.CONFIRMED, now=now, why=why, by=by)
    return states.move(
        topup=topup,
        to=TopUpState.CONFIRMED,
        now=now,
        why=why,
        by=by,
        evidence={"payment": payment.pk},
        payment=payment,
        balance_after=payment.balance_after,
    )


def _is_there_by_now(topup: TopUp, now: datetime) -> bool:
    """Whether the switch lists it now. A switch that does not answer leaves the decision to the person."""
    try:
        return bool(lookups.look(topup=topup, now=now).found)
    except FAILURES as error:
        logger.info("No look at the payments of %s before a decision: %s", topup.account.number, error)
        return False


def _card_of(topup: TopUp, now: datetime) -> CardState | None:
    """What the switch says now of a voucher's card. One that does not answer leaves the decision to the person."""
    if not topup.card:
        return None
    try:
        with clients.client(topup.account.switch) as client:
            return voucher_states.ask(client, topup, now=now)
    except FAILURES as error:
        logger.info("The card of %s could not be asked: %s", topup, error)
        return None


def _mark_not_applied(topup: TopUp, by: User, why: Because, now: datetime, card: CardState | None) -> bool:
    if claims.may_still_leave(topup, now):
        raise DecisionRefused(Because(DecisionReason.MAY_STILL_LEAVE))
    if any(topup.reference in references(payment.memo) for payment in candidates(topup)):
        raise DecisionRefused(Because(DecisionReason.LISTED))
    # It was not used when it was first looked at: whatever the switch's clock says, it was used since.
    if card and card.use in (CardUse.PAID_IN, CardUse.USED_OTHERWISE):
        raise DecisionRefused(Because(DecisionReason.CARD_USED))
    evidence = {"card": card.evidence} if card else {}
    return states.move(topup=topup, to=TopUpState.NOT_APPLIED, now=now, why=why, by=by, evidence=evidence)
