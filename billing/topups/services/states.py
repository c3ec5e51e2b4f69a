"""The one way a top-up changes its state: a conditional UPDATE, its Transition and what follows, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet

from accounts.lib.backoff import Backoff
from accounts.models import AuditAction, User
from accounts.services import audit
from billing.lib.queued_tasks import SWEEP_AFTER
from billing.lib.reasons import Because
from billing.lib.references import keyed_reference
from billing.topups.models import EDGES, Kind, TopUp, TopUpReason, TopUpState, Transition
from billing.topups.services import receipts

ENDS = frozenset({TopUpState.CONFIRMED, TopUpState.REFUSED, TopUpState.NOT_APPLIED})
UNDONE = frozenset({TopUpState.REFUSED, TopUpState.NOT_APPLIED})

# A give-back is owed, and so is the credit for a payment by card: they are tried until they are there.
OWED_FOR = timedelta(days=3650)
PAUSES_WHEN_OWED = Backoff(first=timedelta(seconds=1), longest=timedelta(hours=1))

Evidence = Mapping[str, object]


def sendable() -> Q:
    """The condition under which a top-up may leave: a transfer's credit only once its debit is confirmed.

    It is a sub-query, never a join: with a join PostgreSQL would not look at the row's own state again after waiting
    for it.
    """
    confirmed = TopUp.objects.filter(kind=Kind.DEBIT, state=TopUpState.CONFIRMED)
    return Q(debit__isnull=True) | Q(debit__in=confirmed.values("pk"))


def waiting() -> QuerySet[TopUp]:
    """Top-ups that wait to be sent, and may be."""
    return TopUp.objects.filter(sendable(), state=TopUpState.REQUESTED)


def create(*, topup: TopUp, by: User | None) -> TopUp:
    """Write a request and its first transition. The caller holds the transaction.

    Its reference comes from its key: what the switch did under this key is found by it, whatever became of the row.
    """
    reference = keyed_reference("TU", topup.requested_by_id, topup.kind, topup.key)
    if not TopUp.objects.filter(reference=reference).exists():
        topup.reference = reference
    topup.save(force_insert=True)
    Transition.objects.create(topup=topup, to_state=TopUpState.REQUESTED, at=topup.requested_at, by=by)
    # The approval of a re-issue is recorded where it is given.
    again = topup.reissue_of_id or (topup.debit is not None and topup.debit.reissue_of_id)
    if by is not None and topup.kind == Kind.CREDIT and not again:
        text = f"{topup.amount} {topup.account.switch.currency}, {topup.source}"
        audit.note(
            action=AuditAction.REQUESTED, now=topup.requested_at, by=by, via=topup.payer, subject=topup, text=text
        )
    return topup


def move(
    *,
    topup: TopUp,
    to: TopUpState,
    now: datetime,
    why: Because | None = None,
    evidence: Evidence | None = None,
    by: User | None = None,
    only_if: Q | None = None,
    **fields: object,
) -> bool:
    """Take a top-up from the state it was read in to another. False when another process was quicker.

    `topup` then holds what was written, or is read again. The number of attempts fences off a process that read it
    before a later claim.
    """
    source = TopUpState(topup.state)
    if (source, to) not in EDGES:
        raise ValueError(f"A top-up never goes from {source} to {to}.")
    as_read = TopUp.objects.filter(only_if or Q(), pk=topup.pk, state=source, attempts=topup.attempts)
    settled = {"settled_at": now, "sealed_card": ""} if to in ENDS else {}
    # A person's reason is the staff's own: it stays with the transition.
    written = {"state": to, "why": None if by else why, **settled, **fields}
    with transaction.atomic(savepoint=False):
        if not as_read.update(**written):
            topup.refresh_from_db()
            return False
        for name, value in written.items():
            setattr(topup, name, value)
        Transition.objects.create(
            topup=topup, from_state=source, to_state=to, at=now, by=by, why=why, evidence=evidence or {}
        )
        receipts.queue_mail(topup=topup, now=now)
        if to in ENDS:
            _follow(topup, now)
    return True


def _follow(topup: TopUp, now: datetime) -> None:
    """Write what the end of one leg of a transfer means for the others, in the same transaction."""
    if topup.kind == Kind.DEBIT:
        _follow_debit(topup, now)
    elif topup.kind == Kind.GIVE_BACK:
        _give_back_again(topup, now)
    elif topup.state in UNDONE:
        _give_back(topup, now)


def _follow_debit(debit: TopUp, now: datetime) -> None:
    credit = TopUp.objects.filter(debit=debit, state=TopUpState.REQUESTED).first()
    if credit is None:
        return
    if debit.state == TopUpState.CONFIRMED:
        credit.deadline = now + debit.account.switch.sending_deadline
        credit.next_attempt_at = now + SWEEP_AFTER
        credit.save(update_fields=["deadline", "next_attempt_at"])
    else:
        move(topup=credit, to=TopUpState.REFUSED, now=now, why=_not_debited(debit))


def _not_debited(debit: TopUp) -> Because:
    if debit.why is None:
        return Because(TopUpReason.NOT_DEBITED)
    return Because(TopUpReason.NOT_DEBITED_SINCE, {"why": debit.why})


def _give_back(credit: TopUp, now: datetime) -> None:
    # It is read now: the process that sends the credit may have read the debit while another was still sending it.
    debit = TopUp.objects.filter(credit=credit, state=TopUpState.CONFIRMED).first()
    if debit is not None:
        _owe(debit, key=credit.key, now=now, pause=SWEEP_AFTER)


def _give_back_again(refused: TopUp, now: datetime) -> None:
    """Owe the money again after a refusal, under a new reference, and after twice the time that the last one took."""
    debit = refused.gives_back
    if debit is not None and refused.state == TopUpState.REFUSED:
        pause = min(PAUSES_WHEN_OWED.longest, max(SWEEP_AFTER, 2 * (now - refused.requested_at)))
        _owe(debit, key=refused.reference, now=now, pause=pause)


def _owe(debit: TopUp, *, key: str, now: datetime, pause: timedelta) -> None:
    create(
        topup=TopUp(
            kind=Kind.GIVE_BACK,
            source=debit.source,
            account=debit.account,
            amount=-debit.amount,
            requested_by=debit.requested_by,
            key=key,
            gives_back=debit,
            requested_at=now,
            deadline=now + OWED_FOR,
            next_attempt_at=now + pause,
        ),
        by=None,
    )
