"""Requests for top-ups: each has a key, and is written down before anything is sent (manual §3.22).

A request is a TopUp that is not saved yet.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from functools import partial

from django.db import IntegrityError, transaction

from accounts.lib.money_columns import MONEY_PLACES
from accounts.models import Account, User
from billing.lib.amounts import AmountReason, BadAmount, check_amount
from billing.lib.queued_tasks import SWEEP_AFTER, QueuedTask
from billing.lib.reasons import Because, Money
from billing.topups.models import Kind, RequestReason, Source, TopUp
from billing.topups.services import duplicates, limits
from billing.topups.services.errors import (
    AccountMissing,
    AmountRefused,
    KeyReused,
    KeyUnfit,
    LimitExceeded,
    NoteUnfit,
)
from billing.topups.services.states import OWED_FOR, create

SEND_TOPUP = QueuedTask(name="billing.topups.tasks.send_topup", queue="money")

LONGEST_KEY = 64
LONGEST_NOTE = 200


def request(
    *,
    account: Account,
    amount: Decimal,
    by: User,
    key: str,
    source: Source,
    note: str = "",
    payer: Account | None = None,
    online_id: int | None = None,
    now: datetime,
    send_by_worker: bool = True,
    reissue_of: TopUp | None = None,
    besides_unsettled: bool = False,
) -> TopUp:
    """Write down one credit and ask a worker to send it. Raises TopUpRefused.

    While an earlier credit of the account has not ended, a new one is refused unless it is meant `besides_unsettled`.
    What is paid for already never is.

    The same key and body give the same top-up, however often and from wherever they come. `payer` is the agent that
    vouches for it, `online_id` says which payment by card it credits. Without `send_by_worker` the caller sends it; a
    sweep finds what was not sent.
    """
    requested = TopUp(
        source=source,
        account=account,
        amount=amount,
        note=note,
        requested_by=by,
        key=key,
        payer=payer,
        online_id=online_id,
        requested_at=now,
        # What is paid for already is tried until it is there.
        deadline=now + (OWED_FOR if online_id is not None else account.switch.sending_deadline),
        next_attempt_at=now + SWEEP_AFTER,
        reissue_of=reissue_of,
    )
    with transaction.atomic():
        limits.lock_requests(account=account, by=by)
        known = find(requested)
        if known is not None:
            return known
        check(requested)
        if not besides_unsettled and source != Source.ONLINE:
            duplicates.check_unsettled(account)
        topup, is_new = write(requested)
        if is_new and send_by_worker:
            transaction.on_commit(partial(SEND_TOPUP.enqueue, topup.pk))
    return topup


def find(requested: TopUp) -> TopUp | None:
    """Find the top-up that was made under the request's key before. Raises KeyReused when its body was another."""
    if "\0" in requested.key:
        raise KeyUnfit(Because(RequestReason.KEY_UNKEPT))
    if not requested.amount.is_finite():
        raise AmountRefused(Because(AmountReason.NO_NUMBER))
    try:
        known = TopUp.objects.get(requested_by=requested.requested_by, kind=Kind.CREDIT, key=requested.key)
    except TopUp.DoesNotExist:
        return None
    if _body(known) != _body(requested):
        raise KeyReused(Because(RequestReason.KEY_REUSED))
    return known


def check(requested: TopUp) -> None:
    """Raise TopUpRefused when the switch must never see this request."""
    check_body(requested)
    limits.check(requested)


def check_body(requested: TopUp) -> None:
    """Do what `check` does, without the limits of the day. Raises TopUpRefused."""
    switch = requested.account.switch
    try:
        check_amount(
            requested.amount, places=MONEY_PLACES if requested.source in limits.ALREADY_PAID else switch.places
        )
    except BadAmount as error:
        raise AmountRefused(error.because) from error
    if requested.amount > switch.topup_limit:
        most = Money(switch.topup_limit, switch.currency)
        raise LimitExceeded(Because(RequestReason.TOPUP_LIMIT, {"most": most}))
    for account in filter(None, (requested.account, requested.payer)):
        if account.missing_since is not None:
            raise AccountMissing(Because(RequestReason.ACCOUNT_GONE, {"account": account.number}))
    if not requested.key or len(requested.key) > LONGEST_KEY or not requested.key.isprintable():
        raise KeyUnfit(Because(RequestReason.KEY_UNFIT, {"most": LONGEST_KEY}))
    if len(requested.note) > LONGEST_NOTE or not (requested.note.isprintable() or not requested.note):
        raise NoteUnfit(Because(RequestReason.NOTE_UNFIT, {"most": LONGEST_NOTE}))


def write(requested: TopUp, *, debit: TopUp | None = None) -> tuple[TopUp, bool]:
    """Save the request as a row, with a transfer's debit. Returns the row, and whether it is new.

    Of simultaneous requests under one key the first is written.
    """
    try:
        with transaction.atomic():
            if debit is not None:
                requested.debit = create(topup=debit, by=requested.requested_by)
            return create(topup=requested, by=requested.requested_by), True
    except IntegrityError:
        known = find(requested)
        if known is None:
            raise
        return known, False


def _body(topup: TopUp) -> tuple[int, Decimal, str, int | None, str, int | None]:
    return topup.account_id, topup.amount, topup.note, topup.payer_id, topup.card, topup.online_id
