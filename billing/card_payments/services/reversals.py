"""Hears of refunds and disputes at the provider, in whatever order and however often, and tells people of them.

No money is ever taken back by itself. What is not credited yet is not credited by itself any more; and where the switch
is set so, the account of a disputed payment is locked.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from accounts.models import AuditAction
from accounts.services import audit
from billing.card_payments.models import (
    CardPayment,
    CardPaymentReason,
    CardReversal,
    DisputeLock,
    ReversalKind,
    ReversalState,
)
from billing.card_payments.models.reversals import DECIDED, REVERSAL_EDGES, TAKES_MONEY
from billing.card_payments.providers.base import Provider, ReversalReport, ReversalsReport
from billing.card_payments.services import reversal_mails
from billing.lib.reasons import Because
from billing.topups.models import TopUpState
from billing.topups.services import states as topup_states

logger = logging.getLogger(__name__)

LOCKS_FOR = frozenset({ReversalState.OPENED, ReversalState.LOST})


def receive(*, provider: Provider, report: ReversalsReport, now: datetime) -> CardPayment | None:
    """Take in what the provider states. None: it is not about a payment of ours. Raises ProviderUnreachable."""
    payment = _payment_of(provider, report)
    if payment is None:
        logger.info("%s reports a refund or dispute of a payment that is not the portal's", provider.name)
        return None
    found = report.found if report.is_whole else provider.reversals(intent=report.intent)
    note(payment=payment, found=found, now=now)
    return payment


@transaction.atomic
def note(*, payment: CardPayment, found: Iterable[ReversalReport], now: datetime) -> None:
    """Write down what the provider states about a payment's refunds and disputes, and tell people what is new."""
    held = _locked(payment)
    for report in found:
        if (reversal := _kept(held, report, now)) is not None:
            _follow(held, reversal, now)


def _payment_of(provider: Provider, report: ReversalsReport) -> CardPayment | None:
    """Find the payment by the charge's name or, before that is known, by our reference, which the provider tells."""
    if not report.intent:
        return None
    ours = CardPayment.objects.filter(provider=provider.name)
    if (known := ours.filter(intent=report.intent).first()) is not None:
        return known
    reference = provider.reference_of(intent=report.intent)
    payment = ours.filter(reference=reference).first() if reference else None
    if payment is None:
        return None
    if payment.intent:
        logger.error("%s was charged twice; the second charge is refunded or disputed: %s", payment, report.intent)
        return None
    ours.filter(pk=payment.pk, intent="").update(intent=report.intent)
    return payment


def _locked(payment: CardPayment) -> CardPayment:
    """The payment, locked until the transaction ends: what is refunded meanwhile is not credited beside it."""
    rows = CardPayment.objects.select_for_update(of=("self",), no_key=True)
    held: CardPayment = rows.select_related("account__switch", "paid_by").get(pk=payment.pk)
    return held


def _kept(payment: CardPayment, report: ReversalReport, now: datetime) -> CardReversal | None:
    """Keep one statement. None: it says nothing new."""
    told = {"state": report.state, "amount": report.amount, "grounds": report.grounds, "told_at": report.told_at}
    known, is_new = CardReversal.objects.get_or_create(
        number=report.number,
        defaults={"payment": payment, "kind": report.kind, "currency": report.currency, "heard_at": now, **told},
    )
    if is_new:
        return known
    if known.payment_id != payment.pk or known.kind != report.kind:
        logger.error("%s was reported as another payment's", known)
        return None
    if not _is_later(known, report):
        return None
    unhandled = {"handled_at": None, "handled_by": None, "handled_why": ""}
    CardReversal.objects.filter(pk=known.pk).update(**told, **unhandled)
    known.refresh_from_db()
    return known


def _is_later(known: CardReversal, report: ReversalReport) -> bool:
    """Whether a statement takes the place of what is known: reports come in any order, and states go one way.

    Only a decided dispute may be decided otherwise, of which the later statement counts.
    """
    before = ReversalState(known.state)
    if (before, report.state) not in REVERSAL_EDGES:
        return False
    return before not in DECIDED or report.told_at > known.told_at


def _follow(payment: CardPayment, reversal: CardReversal, now: datetime) -> None:
    logger.warning("%s of %s: %s", reversal.kind, payment, reversal.state)
    if reversal.state in TAKES_MONEY:
        _stop_what_waits(payment, now)
    if reversal.kind == ReversalKind.DISPUTE and reversal.state in LOCKS_FOR and payment.account.switch.lock_on_dispute:
        wanted = {"account": payment.account, "requested_at": now, "next_step_at": now}
        DisputeLock.objects.get_or_create(dispute=reversal, defaults=wanted)
    text = f"{reversal.kind} {reversal.number}: {reversal.state}, {reversal.amount.normalize():f} {reversal.currency}"
    audit.note(action=AuditAction.CHANGED, now=now, account=payment.account, subject=payment, text=text)
    reversal_mails.queue(payment=payment, reversal=reversal, now=now)


def _stop_what_waits(payment: CardPayment, now: datetime) -> None:
    """Refuse a credit that was not sent yet: a person decides whether it is to be made after all."""
    for waiting in payment.topups.filter(state=TopUpState.REQUESTED):
        why = Because(CardPaymentReason.REVERSED)
        topup_states.move(topup=waiting, to=TopUpState.REFUSED, now=now, why=why)
