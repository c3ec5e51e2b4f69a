"""What one attempt to send a top-up came to.

It is surely done, surely refused, provably never sent, or in doubt: whatever is none of the first three.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from accounts.lib.backoff import Backoff
from billing.balances.services import balances
from billing.lib.amounts import stored_if_money
from billing.lib.reasons import Because
from billing.topups.models import Kind, TopUp, TopUpReason, TopUpState
from billing.topups.services import states
from billing.vos3000 import Refused, Unreachable
from billing.vos3000.operations.payments import Paid

PAUSES = Backoff(first=timedelta(seconds=1), longest=timedelta(seconds=60))


def pause(topup: TopUp) -> timedelta:
    """How long to wait between attempts: 1, 2, 4 … 60 seconds; a give-back waits up to an hour, and is always tried."""
    pauses = states.PAUSES_WHEN_OWED if topup.kind == Kind.GIVE_BACK else PAUSES
    return pauses.pause(topup.attempts - 1)


def note_paid(topup: TopUp, now: datetime, paid: Paid) -> None:
    """Confirm a top-up that the switch surely applied, and keep the balance that its answer tells."""
    evidence = {"pay_money": str(paid.amount), "money": str(paid.balance_after)}
    balance = stored_if_money(paid.balance_after)
    sent_at = topup.sent_at or now
    for _ in range(2):
        # The second time round: a sweep took so slow a sending for dead and put it in doubt meanwhile. What is in
        # review by then is a person's to decide.
        if topup.state not in (TopUpState.SENDING, TopUpState.IN_DOUBT):
            return
        if states.move(topup=topup, to=TopUpState.CONFIRMED, now=now, evidence=evidence, balance_after=balance):
            break
    if balance is not None:
        balances.note_balance(account=topup.account, balance=balance, asked_at=sent_at)


def note_not_sent(topup: TopUp, now: datetime, error: Unreachable) -> None:
    """Let a top-up that provably never left wait for its next attempt, or refuse it once its deadline has passed."""
    evidence, why = {"reason": error.reason}, Because(TopUpReason.NOT_REACHED)
    if now >= topup.deadline:
        states.move(topup=topup, to=TopUpState.REFUSED, now=now, why=why, evidence=evidence)
    else:
        states.move(
            topup=topup,
            to=TopUpState.REQUESTED,
            now=now,
            why=why,
            evidence=evidence,
            next_attempt_at=now + pause(topup),
        )


def note_refused(topup: TopUp, now: datetime, error: Refused) -> None:
    """Refuse a top-up that the switch surely did not apply."""
    # Of a card the text may name its number.
    evidence = {"code": error.code, "text": "" if topup.card else error.text}
    why = Because(TopUpReason.REFUSED_BY_SWITCH, {"code": error.code})
    states.move(topup=topup, to=TopUpState.REFUSED, now=now, why=why, evidence=evidence)


def put_in_doubt(
    topup: TopUp, now: datetime, reason: str, code: int | None = None, *, sent_at: datetime | None = None
) -> None:
    """Put a top-up in doubt: it may have been applied or not, so nothing sends it again until the history tells.

    `sent_at` says when it was sent, where that was before it was claimed: the history is read from there.
    """
    states.move(
        topup=topup,
        to=TopUpState.IN_DOUBT,
        now=now,
        why=Because(TopUpReason.UNCLEAR),
        evidence={"reason": reason} if code is None else {"reason": reason, "code": code},
        next_look_at=now + topup.account.switch.first_look_after,
        sent_at=sent_at or topup.sent_at,
    )


@transaction.atomic
def doubt_unclaimed(topup: TopUp, now: datetime, reason: str, *, sent_at: datetime) -> None:
    """Put a waiting top-up in doubt, as if it had been claimed; where it waits no longer, it is read again."""
    if states.move(
        topup=topup,
        to=TopUpState.SENDING,
        now=now,
        only_if=states.sendable(),
        sent_at=sent_at,
        attempts=topup.attempts + 1,
    ):
        put_in_doubt(topup, now, reason, sent_at=sent_at)
