"""Re-issues: what a person found not applied is sent again, under a new reference. A second person has to approve it.
Nothing is ever moved from an old top-up to a new one: a credit is requested again, a transfer is debited and credited
again (what the old one took has its own give-back), and a give-back that is still owed is sent again.
"""

from __future__ import annotations

import logging
from datetime import datetime
from functools import partial

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils.crypto import get_random_string

from accounts.models import AuditAction, User
from accounts.services import audit
from billing.lib.queued_tasks import SWEEP_AFTER
from billing.lib.reasons import Because, RefusedBecause
from billing.switches.services import failures
from billing.topups.models import Answer, Kind, Reissue, ReissueReason, Source, TopUp, TopUpState
from billing.topups.services import lookups, requests, states, transfers
from billing.topups.services.errors import PersonLimitExceeded, TopUpRefused

logger = logging.getLogger(__name__)

PERMISSION = "topups.reissue_topup"
# What the operator or an agent's balance pays for; a voucher card or a card payment has a way of its own.
SOURCES = frozenset({Source.OPERATOR, Source.TRANSFER, Source.AGENT_CREDIT})
KEY_LENGTH = 32


class ReissueRefused(RefusedBecause):
    """Nothing was written and nothing will be sent."""


def request(*, topup: TopUp, by: User, why: str, now: datetime) -> Reissue:
    """Ask a second person to have the top-up sent again. Raises PermissionDenied or ReissueRefused."""
    _check_person(by, why)
    if topup.state != TopUpState.NOT_APPLIED:
        raise ReissueRefused(Because(ReissueReason.NOT_UNAPPLIED))
    if topup.source not in SOURCES:
        raise ReissueRefused(Because(ReissueReason.OTHER_SOURCE))
    try:
        with transaction.atomic():
            reissue = Reissue.objects.create(topup=topup, requested_by=by, requested_at=now, why=why.strip())
            audit.note(action=AuditAction.REQUESTED, now=now, by=by, subject=topup, text=f"Re-issue: {why.strip()}")
            return reissue
    except IntegrityError as error:
        raise ReissueRefused(Because(ReissueReason.ALREADY_REQUESTED)) from error


def decline(*, reissue: Reissue, by: User, why: str, now: datetime) -> Reissue:
    """Decline a request, or withdraw one's own. Raises PermissionDenied or ReissueRefused."""
    _check_person(by, why)
    with transaction.atomic():
        _answer(reissue, Answer.DECLINED, by, why, now)
        text = f"Re-issue declined: {why.strip()}"
        audit.note(action=AuditAction.DECIDED, now=now, by=by, subject=reissue.topup, text=text)
    return reissue


def approve(*, reissue: Reissue, by: User, why: str, now: datetime) -> TopUp:
    """Make the new top-up and ask a worker to send it. Raises PermissionDenied or ReissueRefused.

    The switch is asked once more before: a top-up that its payment history lists by now is not sent again.
    """
    _check_person(by, why)
    if because := not_by(reissue=reissue, person=by):
        raise ReissueRefused(because)
    old = TopUp.objects.select_related("account__switch", "payer__switch", "debit").get(pk=reissue.topup_id)
    look_once_more(old, now)
    try:
        with transaction.atomic():
            _answer(reissue, Answer.APPROVED, by, why, now)
            new = _issue(old, reissue.requested_by, now)
            audit.note(action=AuditAction.REISSUED, now=now, by=by, subject=old, text=f"As {new}: {why.strip()}")
            transaction.on_commit(partial(requests.SEND_TOPUP.enqueue, new.pk))
    except PersonLimitExceeded as error:
        # It counts as asked for by them, not by the person who approves it.
        raise ReissueRefused(error.about(str(reissue.requested_by))) from error
    except TopUpRefused as error:
        raise ReissueRefused(error.because) from error
    logger.info("%s was issued again as %s: asked for by %s, approved by %s", old, new, reissue.requested_by_id, by.pk)
    return new


def not_by(*, reissue: Reissue, person: User) -> Because | None:
    """Find why this person cannot be the second one. None: they can."""
    if person == reissue.requested_by:
        return Because(ReissueReason.REQUESTED_BY_YOU)
    decided = reissue.topup.transitions.filter(to_state=TopUpState.NOT_APPLIED, by=person)
    if decided.exists():
        return Because(ReissueReason.DECIDED_BY_YOU)
    return None


def _check_person(by: User, why: str) -> None:
    if not by.has_perm(PERMISSION):
        raise PermissionDenied
    if not why.strip():
        raise ReissueRefused(Because(ReissueReason.REASON_MISSING))


def _answer(reissue: Reissue, answer: Answer, by: User, why: str, now: datetime) -> None:
    still_open = Reissue.objects.filter(pk=reissue.pk, answer=Answer.OPEN)
    if not still_open.update(answer=answer, answered_by=by, answered_at=now, answer_why=why.strip()):
        raise ReissueRefused(Because(ReissueReason.JUST_ANSWERED))
    reissue.refresh_from_db()


def look_once_more(old: TopUp, now: datetime) -> None:
    """Raise ReissueRefused when the switch lists the top-up after all, or cannot be asked."""
    try:
        look = lookups.look(topup=old, now=now)
    except failures.FAILURES as error:
        logger.info("No look at the payments of %s before a re-issue: %s", old.account.number, error)
        why = Because(failures.failure(error))
        raise ReissueRefused(Because(ReissueReason.NOT_LOOKED, {"why": why})) from error
    if look.found:
        raise ReissueRefused(Because(ReissueReason.LISTED))


def _issue(old: TopUp, by: User, now: datetime) -> TopUp:
    """Make the new credit, or the new give-back. `by` is the person who asked for the re-issue."""
    if old.kind == Kind.GIVE_BACK:
        return _give_back(old, by, now)
    if old.source == Source.OPERATOR:
        return _credit(old, by, now)
    return _transfer(old, by, now)


def _give_back(old: TopUp, by: User, now: datetime) -> TopUp:
    topup = TopUp(
        kind=Kind.GIVE_BACK,
        source=old.source,
        account=old.account,
        amount=old.amount,
        requested_by=by,
        key=_new_key(),
        gives_back=old.gives_back,
        reissue_of=old,
        requested_at=now,
        deadline=now + states.OWED_FOR,
        next_attempt_at=now + SWEEP_AFTER,
    )
    return states.create(topup=topup, by=by)


def _credit(old: TopUp, by: User, now: datetime) -> TopUp:
    return requests.request(
        account=old.account,
        amount=old.amount,
        by=by,
        key=_new_key(),
        source=Source.OPERATOR,
        note=old.note,
        now=now,
        send_by_worker=False,
        reissue_of=old,
        # Two people have decided on it, with the account's other top-ups before their eyes.
        besides_unsettled=True,
    )


def _transfer(old: TopUp, by: User, now: datetime) -> TopUp:
    """The whole transfer is made again, whichever of its legs was not applied."""
    credit = old.credit if old.kind == Kind.DEBIT else old
    if credit.payer is None:
        raise ReissueRefused(Because(ReissueReason.PAYER_UNKNOWN))
    if (credit.payer.credit_without_debit is None) != (old.source == Source.TRANSFER):
        raise ReissueRefused(Because(ReissueReason.PAID_OTHERWISE_NOW))
    return transfers.request(
        account=credit.account,
        payer=credit.payer,
        amount=credit.amount,
        by=by,
        key=_new_key(),
        note=credit.note,
        now=now,
        send_by_worker=False,
        reissue_of=old,
        besides_unsettled=True,
    )


def _new_key() -> str:
    """A key of no meaning: `reissue_of`, not the key, holds that a re-issue is made once."""
    return get_random_string(KEY_LENGTH)
