"""Sends a top-up at most once (manual §3.22, §3.58); `outcomes` writes down what became of it."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from accounts.lib.clock import Clock, Deadline
from billing.balances.services import balances
from billing.lib.claims import LEAVES_WITHIN
from billing.lib.reasons import Because
from billing.switches.services import clients
from billing.topups.models import Kind, TopUp, TopUpReason, TopUpState
from billing.topups.services import claims, earlier_sendings, headroom, outcomes, states
from billing.topups.services.pay_requests import Operation, Unsendable, operation_of
from billing.vos3000 import Client, Refused, UnknownOutcome, Unreachable

logger = logging.getLogger(__name__)

# How old the balance may be by which a debit is allowed, beyond what the switch's setting calls current.
STALE_AFTER = timedelta(seconds=5)


def carry_out(*, topup_id: int, now: datetime) -> TopUp:
    """Send a top-up and every leg of a transfer that may follow it. Returns the top-up that was asked for."""
    clock = Clock(now)
    sent = _send(_first_leg(_read(topup_id)), now)
    while (leg := _next_leg(sent)) is not None:
        sent = _send(leg, clock.now())
    return sent if sent.pk == topup_id else _read(topup_id)


def send(*, topup_id: int, now: datetime) -> TopUp:
    """Send one top-up, if it is still to be sent, and write down what became of it. Safe to call at any time."""
    return _send(_read(topup_id), now)


def _read(topup_id: int) -> TopUp:
    return TopUp.objects.select_related("account__switch", "debit").get(pk=topup_id)


def _send(topup: TopUp, now: datetime) -> TopUp:
    clock = Clock(now)
    if topup.state != TopUpState.REQUESTED or expire(topup=topup, now=now):
        return topup
    try:
        earlier_sendings.doubt_if_sent(topup=topup, now=now)
    except earlier_sendings.NotKnown as error:
        logger.info("%s is not sent, because it may have been: %s", topup, error)
        return _postpone(topup, clock.now())
    if not _waits(topup):
        return topup
    if topup.kind == Kind.DEBIT:
        figures = balances.current(account=topup.account, now=now)
        if not _is_fresh(figures, now):
            # Another process that asks right now may be about to send this very debit: an attempt would fence it off.
            return _postpone(topup, clock.now(), is_attempt=figures.asked or figures.failure is not None)
    try:
        operation = operation_of(topup)
        client = clients.client(topup.account.switch)
    except Unsendable as error:
        logger.exception("%s cannot be sent", topup)
        states.move(topup=topup, to=TopUpState.REFUSED, now=now, why=error.because, only_if=states.sendable())
        return topup
    except (ValueError, OSError):
        logger.exception("The settings of switch %s cannot be used", topup.account.switch)
        return _postpone(topup, clock.now())
    with client:
        deadline = Deadline(LEAVES_WITHIN)
        if _claim(topup, clock.now()):
            _pay(client, operation, topup, clock, deadline)
    return topup


def expire(*, topup: TopUp, now: datetime) -> bool:
    """Refuse a top-up that could not be sent by its deadline. False when it may still be sent.

    One that was sent before is in doubt instead; where that cannot be found out, it waits.
    """
    if now < topup.deadline:
        return False
    try:
        earlier_sendings.doubt_if_known(topup=topup, now=now)
    except earlier_sendings.NotKnown as error:
        logger.info("%s is not ended, because it may have been sent: %s", topup, error)
        return True
    if not _waits(topup):
        return True
    why = Because(TopUpReason.NOT_REACHED)
    return states.move(topup=topup, to=TopUpState.REFUSED, now=now, why=why, only_if=states.sendable())


def _waits(topup: TopUp) -> bool:
    """Whether it still waits to be sent, as far as was read: what another process took meanwhile is that one's."""
    return topup.state == TopUpState.REQUESTED


def _first_leg(topup: TopUp) -> TopUp:
    debit = topup.debit
    return debit if debit is not None and debit.state == TopUpState.REQUESTED else topup


def _next_leg(sent: TopUp) -> TopUp | None:
    if sent.kind == Kind.DEBIT and sent.state == TopUpState.CONFIRMED:
        return TopUp.objects.filter(debit=sent, state=TopUpState.REQUESTED).first()
    if sent.debit_id is not None and sent.state in states.UNDONE:
        return TopUp.objects.filter(gives_back=sent.debit_id, state=TopUpState.REQUESTED).first()
    return None


def _is_fresh(figures: balances.Figures, now: datetime) -> bool:
    account = figures.account
    return account.balance_at is not None and now - account.balance_at <= account.switch.fresh_for + STALE_AFTER


def _postpone(topup: TopUp, now: datetime, *, is_attempt: bool = True) -> TopUp:
    """Leave a top-up requested, without a claim, to be tried again later."""
    TopUp.objects.filter(pk=topup.pk, state=TopUpState.REQUESTED, attempts=topup.attempts).update(
        attempts=F("attempts") + int(is_attempt),
        next_attempt_at=now + outcomes.pause(topup),
        why=Because(TopUpReason.NOT_SENT_YET),
    )
    topup.refresh_from_db()
    return topup


@transaction.atomic(durable=True)
def _claim(topup: TopUp, now: datetime) -> bool:
    """Make the top-up this process' own. It is committed before anything leaves: no other process will ever send it."""
    if topup.kind == Kind.DEBIT and not _is_covered(topup, now):
        return False
    return states.move(
        topup=topup,
        to=TopUpState.SENDING,
        now=now,
        only_if=states.sendable(),
        sent_at=now,
        attempts=topup.attempts + 1,
    )


def _is_covered(debit: TopUp, now: datetime) -> bool:
    """Whether the agent's balance covers the debit. If not, it is refused, or postponed until a newer balance tells."""
    agent = balances.lock_agent(debit.account)
    left = headroom.left_for_transfer(agent=agent, debit=debit)
    if left is not None and left + debit.amount >= 0:
        return True
    if left is None or left + debit.amount + headroom.perhaps_counted_twice(agent=agent) >= 0:
        _postpone(debit, now)
    else:
        why = Because(TopUpReason.NOT_COVERED)
        states.move(topup=debit, to=TopUpState.REFUSED, now=now, why=why)
    return False


def _pay(client: Client, operation: Operation, topup: TopUp, clock: Clock, deadline: Deadline) -> None:
    try:
        with claims.holding_claim(topup, deadline) as claim, client.writing_only_if(claim.may_leave):
            paid = operation(client)
    except Unreachable as error:
        if claim.sent_before:
            outcomes.put_in_doubt(topup, clock.now(), "sent before", sent_at=claim.sent_before)
        else:
            outcomes.note_not_sent(topup, clock.now(), error)
    except Refused as error:
        outcomes.note_refused(topup, clock.now(), error)
    except UnknownOutcome as error:
        outcomes.put_in_doubt(topup, clock.now(), error.reason, error.code)
    except Exception as error:
        logger.exception("Sending %s ended in an unexpected way", topup)
        outcomes.put_in_doubt(topup, clock.now(), type(error).__name__, None)
    else:
        outcomes.note_paid(topup, clock.now(), paid)
