"""Top-ups: asked for under a key, written down before anything is sent (manual §3.22)."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from functools import partial

from django.db import IntegrityError, transaction

from accounts.models import Account, User
from billing.lib.amounts import BadAmount, check_amount
from billing.lib.queued_tasks import HAND_OVER, QueuedTask
from billing.topups.models import Kind, Source, TopUp
from billing.topups.services import limits
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
STORED_PLACES = 6


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
    hand_over: bool = True,
    reissue_of: TopUp | None = None,
) -> TopUp:
    """Write down one credit and hand it over to a worker; raises TopUpRefused.

    The same key and body give the same top-up, however often and from wherever they come. `payer` is the agent that
    vouches for it, `online_id` says which payment by card it credits. Without `hand_over` the caller sends it; a sweep
    finds what was not sent.
    """
    wish = TopUp(
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
        next_attempt_at=now + HAND_OVER,
        reissue_of=reissue_of,
    )
    with transaction.atomic():
        limits.lock_daily_limits(account=account, by=by)
        known = find(wish)
        if known is not None:
            return known
        check(wish)
        topup, is_new = write(wish)
        if is_new and hand_over:
            transaction.on_commit(partial(SEND_TOPUP.enqueue, topup.pk))
    return topup


def find(wish: TopUp) -> TopUp | None:
    """The top-up that was made under the wish's key before; KeyReused when that was another wish."""
    if "\0" in wish.key:
        raise KeyUnfit("The key holds a character that cannot be kept.")
    if not wish.amount.is_finite():
        raise AmountRefused("The amount must be a number.")
    try:
        known = TopUp.objects.get(requested_by=wish.requested_by, kind=Kind.CREDIT, key=wish.key)
    except TopUp.DoesNotExist:
        return None
    if _body(known) != _body(wish):
        raise KeyReused("This form was already used for another top-up. Start again from the account's page.")
    return known


def check(wish: TopUp) -> None:
    """Raises TopUpRefused when the switch must never see this wish."""
    check_body(wish)
    limits.check(wish)


def check_body(wish: TopUp) -> None:
    """Without the limits of the day. Raises TopUpRefused."""
    switch = wish.account.switch
    try:
        check_amount(wish.amount, places=STORED_PLACES if wish.source in limits.ALREADY_PAID else switch.places)
    except BadAmount as error:
        raise AmountRefused(str(error)) from error
    if wish.amount > switch.topup_limit:
        raise LimitExceeded(f"One top-up may be at most {switch.topup_limit.normalize():f} {switch.currency}.")
    for account in filter(None, (wish.account, wish.payer)):
        if account.missing_since is not None:
            raise AccountMissing(f"The switch no longer knows the account {account.number}.")
    if not wish.key or len(wish.key) > LONGEST_KEY or not wish.key.isprintable():
        raise KeyUnfit(f"The key must be 1 to {LONGEST_KEY} characters long.")
    if len(wish.note) > LONGEST_NOTE or not (wish.note.isprintable() or not wish.note):
        raise NoteUnfit(f"The note may be at most {LONGEST_NOTE} characters long, on one line.")


def write(wish: TopUp, *, debit: TopUp | None = None) -> tuple[TopUp, bool]:
    """The wish as a row, with a transfer's debit, and whether it is new.

    Of simultaneous wishes under one key the first is written.
    """
    try:
        with transaction.atomic():
            if debit is not None:
                wish.debit = create(topup=debit, by=wish.requested_by)
            return create(topup=wish, by=wish.requested_by), True
    except IntegrityError:
        known = find(wish)
        if known is None:
            raise
        return known, False


def _body(topup: TopUp) -> tuple[int, Decimal, str, int | None, str, int | None]:
    return topup.account_id, topup.amount, topup.note, topup.payer_id, topup.card, topup.online_id
