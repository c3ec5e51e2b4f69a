"""Batches of top-ups: a file is uploaded, checked and confirmed by a person; then its rows are requested one by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet, Sum

from accounts.models import Account, AuditAction, User
from accounts.services import audit
from billing.balances.services import balances
from billing.batches.models import Batch, BatchReason, BatchRow, BatchState, Origin, RowReason, new_batch_key
from billing.batches.queries import untried
from billing.batches.services import checks, files, identity
from billing.batches.services.encodings import Encoding
from billing.batches.services.files import Line, Spelling
from billing.lib.queued_tasks import SWEEP_AFTER, QueuedTask
from billing.lib.reasons import Because, RefusedBecause
from billing.topups.services import limits as topup_limits
from billing.topups.services import transfers as topup_transfers
from billing.topups.services.requests import LONGEST_NOTE
from billing.topups.services.transfers import Funds

CARRY_ON = QueuedTask(name="billing.batches.tasks.carry_on_batch", queue="money")

LONGEST_ACCOUNT = 100
LONGEST_AMOUNT = 60
LONGEST_FILE_NAME = 100
WAITING = Q(problem__isnull=True, topup__isnull=True)


class BatchRefused(RefusedBecause):
    """Nothing was changed."""


@dataclass(frozen=True)
class Uploaded:
    batch: Batch
    is_new: bool


@dataclass(frozen=True)
class Cover:
    """What there is to pay from, and the total that is to be paid.

    `left_today` is what the person may still top up today; None: as much as they like.
    """

    funds: Funds
    left_today: Decimal | None
    total: Decimal

    @property
    def is_short(self) -> bool:
        """Whether it may not be enough. It is short too when the balance is not known."""
        limits = [self.funds.left, *([] if self.left_today is None else [self.left_today])]
        return any(limit is None or limit < self.total for limit in limits)


def upload(
    *, agent: Account, by: User, file_name: str, content: bytes, now: datetime, encoding: Encoding | None = None
) -> Uploaded:
    """Keep and check a file. Raises UnreadableFile. The same list gives the batch that it gave before, however it is
    spelled. `encoding` is what the person chose where the file does not say it.
    """
    spelling = Spelling(agent.switch.places, agent.switch.currency)
    lines = files.read(content=content, most_rows=settings.BATCH_MOST_LINES, spelling=spelling, encoding=encoding)
    rows = [_row(line) for line in lines]
    digest = identity.of_list(rows, currency=spelling.currency)
    known = latest(agent=agent, digest=digest)
    if known is not None:
        return Uploaded(check_again(batch=known, by=by, now=now), is_new=False)
    batch = Batch(
        agent=agent,
        uploaded_by=by,
        uploaded_at=now,
        file_name=_printable(file_name)[-LONGEST_FILE_NAME:],
        digest=digest,
        payments_digest=identity.of_payments(rows, currency=spelling.currency),
    )
    try:
        return Uploaded(_create(batch, rows, now), is_new=True)
    except IntegrityError:
        known = latest(agent=agent, digest=digest)
        if known is None:
            raise
        return Uploaded(known, is_new=False)


def latest(*, agent: Account, digest: str) -> Batch | None:
    """The last batch with this list."""
    return Batch.objects.filter(agent=agent, digest=digest).order_by("-id").first()


@transaction.atomic
def check_again(*, batch: Batch, by: User, now: datetime) -> Batch:
    """Check a batch once more, unless it was confirmed already. A check that a person saw before may be void then."""
    batch = _locked(batch)
    if batch.state == BatchState.UPLOADED:
        _recheck(batch, by, now)
    return batch


def confirm(*, batch: Batch, by: User, key: str, sure: bool, now: datetime) -> Batch:
    """Let the top-ups of a batch be requested. Raises BatchRefused. `sure`: the person has seen the warnings.

    It is checked once more: what is confirmed is what the person saw. The same key gives the same answer.
    """
    # The balance is read here, so that the batch is not locked while the switch is asked.
    balances.current(account=batch.agent, now=now)
    confirmed = _confirm(batch, by, key, sure, now)
    if confirmed is None:
        raise BatchRefused(Because(BatchReason.CHECKED_AGAIN))
    return confirmed


@transaction.atomic
def _confirm(batch: Batch, by: User, key: str, sure: bool, now: datetime) -> Batch | None:
    """Return None when the batch is no longer what the person saw; the new check stays written."""
    # Of two batches with the same payments, the second one confirmed knows of the first.
    list(_same_payments(batch).order_by("pk").select_for_update(no_key=True).values_list("pk", flat=True))
    batch = _locked(batch)
    if key != batch.key:
        return None
    if batch.state != BatchState.UPLOADED:
        return batch
    if _recheck(batch, by, now):
        return None
    if not batch.rows.filter(WAITING).exists():
        raise BatchRefused(Because(BatchReason.NOTHING_TO_PAY))
    if not sure and (has_warnings(batch=batch) or earlier(batch=batch) or cover(batch=batch, by=by, now=now).is_short):
        raise BatchRefused(Because(BatchReason.NOT_SURE))
    batch.state, batch.confirmed_by, batch.confirmed_at = BatchState.CONFIRMED, by, now
    batch.next_step_at = now + SWEEP_AFTER
    batch.save(update_fields=["state", "confirmed_by", "confirmed_at", "next_step_at"])
    _void_checks(_same_payments(batch).filter(state=BatchState.UPLOADED))
    _note(batch, AuditAction.REQUESTED, by, now)
    transaction.on_commit(partial(CARRY_ON.enqueue, batch.pk))
    return batch


def has_warnings(*, batch: Batch) -> bool:
    return batch.rows.filter(WAITING, warning__isnull=False).exists()


def earlier(*, batch: Batch) -> Batch | None:
    """The last batch that was confirmed for the same amounts and accounts, whatever its notes.

    A batch that follows another one on purpose has been asked about already.
    """
    if batch.origin != Origin.FILE:
        return None
    confirmed = _same_payments(batch).exclude(pk=batch.pk).filter(confirmed_at__isnull=False)
    return confirmed.order_by("-confirmed_at").first()


def _same_payments(batch: Batch) -> QuerySet[Batch]:
    return Batch.objects.filter(agent=batch.agent_id, payments_digest=batch.payments_digest)


def _void_checks(batches: QuerySet[Batch]) -> None:
    """Have people look again before they confirm these."""
    for batch in batches:
        batch.key = new_batch_key()
        batch.save(update_fields=["key"])


def cover(*, batch: Batch, by: User, now: datetime) -> Cover:
    return Cover(
        funds=topup_transfers.funds(payer=batch.agent, now=now),
        left_today=topup_limits.left_for_user(switch=batch.agent.switch, by=by, now=now),
        total=batch.rows.filter(WAITING).aggregate(sum=Sum("amount", default=0))["sum"],
    )


@transaction.atomic
def stop(*, batch: Batch, by: User, now: datetime) -> Batch:
    """End a batch early: rows without a top-up get none any more, and the other top-ups take their course."""
    batch = _locked(batch)
    if batch.state != BatchState.DONE:
        why = Because(RowReason.STOPPED, {"person": by.name or by.email})
        stopped = batch.rows.filter(WAITING).update(problem=why)
        end(batch=batch, now=now)
        _note(batch, AuditAction.CHANGED, by, now, f", {stopped} lines stopped")
    return batch


def end(*, batch: Batch, now: datetime) -> None:
    """Write down that no row of a batch waits any more. The caller holds the batch's lock."""
    batch.state, batch.done_at = BatchState.DONE, now
    batch.save(update_fields=["state", "done_at"])


@transaction.atomic
def again(*, batch: Batch, by: User, now: datetime) -> Batch:
    """Make a batch of all rows a second time, on purpose; it has to be confirmed. Asked twice, it is the same one."""
    done = _done(batch)
    known = done.followers.filter(origin=Origin.AGAIN).first()
    return known or _follow(done, Origin.AGAIN, list(done.rows.all()), by, now)


@transaction.atomic
def rest(*, batch: Batch, by: User, now: datetime) -> Batch:
    """Make a batch of the rows that were surely not paid; it has to be confirmed. Raises BatchRefused.

    Each row is tried again in one batch only.
    """
    done = _done(batch)
    rows = untried(done)
    known = done.followers.filter(origin=Origin.REST).order_by("-id").first()
    if not rows and known is None:
        raise BatchRefused(Because(BatchReason.NOTHING_TO_TRY))
    return _follow(done, Origin.REST, rows, by, now) if rows else known or done


def _locked(batch: Batch) -> Batch:
    """The batch as it is now, locked until the transaction ends."""
    return Batch.objects.select_for_update(of=("self",)).select_related("agent__switch").get(pk=batch.pk)


def _recheck(batch: Batch, by: User, now: datetime) -> bool:
    """Check all rows again. True when the result differs from what was shown; then a new key voids the old check."""
    rows = list(batch.rows.all())
    before = [(row.account_id, row.amount, row.problem, row.warning) for row in rows]
    checks.check(agent=batch.agent, by=by, rows=rows, now=now)
    BatchRow.objects.bulk_update(rows, ["account", "amount", "problem", "warning"], batch_size=500)
    is_new = any(
        (row.account_id, row.amount, row.problem) != seen[:3] or row.warning not in (None, seen[3])
        for row, seen in zip(rows, before, strict=True)
    )
    if is_new:
        batch.key = new_batch_key()
        batch.save(update_fields=["key"])
    return is_new


def _note(batch: Batch, action: AuditAction, by: User, now: datetime, more: str = "") -> None:
    text = f"{batch.file_name}, {batch.rows.count()} lines, {batch.state}{more}"
    audit.note(action=action, now=now, by=by, account=batch.agent, subject=batch, text=text)


def _done(batch: Batch) -> Batch:
    """The batch, locked until the transaction ends. Raises BatchRefused while rows of it may still be requested."""
    held = _locked(batch)
    if held.state != BatchState.DONE:
        raise BatchRefused(Because(BatchReason.NOT_DONE))
    return held


def _follow(done: Batch, origin: Origin, rows: Sequence[BatchRow], by: User, now: datetime) -> Batch:
    batch = Batch(
        agent=done.agent,
        uploaded_by=by,
        uploaded_at=now,
        file_name=done.file_name,
        digest=identity.of_list(rows, currency=done.agent.switch.currency),
        payments_digest=identity.of_payments(rows, currency=done.agent.switch.currency),
        origin=origin,
        follows=done,
    )
    return _create(batch, [_copy(row, origin) for row in rows], now)


@transaction.atomic
def _create(batch: Batch, rows: list[BatchRow], now: datetime) -> Batch:
    checks.check(agent=batch.agent, by=batch.uploaded_by, rows=rows, now=now)
    batch.save(force_insert=True)
    for row in rows:
        row.batch = batch
    BatchRow.objects.bulk_create(rows, batch_size=500)
    _note(batch, AuditAction.ADDED, batch.uploaded_by, now)
    return batch


def _row(line: Line) -> BatchRow:
    """The row for one line. A text that is too long to be kept is cut off, and its row is never paid."""
    account, amount, note = (_printable(text) for text in (line.account, line.amount, line.note))
    unclear = line.problem
    if len(account) > LONGEST_ACCOUNT or len(amount) > LONGEST_AMOUNT or len(note) > LONGEST_NOTE:
        unclear = Because(RowReason.TOO_LONG, {"account": LONGEST_ACCOUNT, "note": LONGEST_NOTE})
    elif note != line.note or account != line.account:
        unclear = Because(RowReason.NOT_PRINTABLE)
    return BatchRow(
        line=line.number,
        account_text=account[:LONGEST_ACCOUNT],
        amount_text=amount[:LONGEST_AMOUNT],
        note=note[:LONGEST_NOTE],
        unclear=unclear,
    )


def _copy(row: BatchRow, origin: Origin) -> BatchRow:
    return BatchRow(
        line=row.line,
        account_text=row.account_text,
        amount_text=row.amount_text,
        note=row.note,
        unclear=row.unclear,
        tries_again=row if origin == Origin.REST else None,
    )


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else " " for letter in text)
