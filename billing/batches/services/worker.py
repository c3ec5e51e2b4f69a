"""Requests the top-ups of a confirmed batch, a few at a time. It is safe to run twice or beside itself, or to kill it.

A row is written together with its top-up, and the top-up's key is made of the batch's reference and the line.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction
from django.db.models import F

from accounts.access import access_of
from accounts.actions import Action
from accounts.lib.clock import Clock
from accounts.models import Account, User
from billing.balances.services import balances
from billing.batches.models import Batch, BatchRow, BatchState, RowReason
from billing.batches.services.batches import CARRY_ON, WAITING, end
from billing.lib.queued_tasks import SWEEP_AFTER
from billing.lib.reasons import Because
from billing.topups.services import transfers as topup_transfers
from billing.topups.services.errors import PersonLimitExceeded, TopUpRefused

logger = logging.getLogger(__name__)

# Between two of these, other top-ups of the queue have their turn.
AT_ONCE = 25
PAUSE = timedelta(seconds=5)
# How many errors of ours one row may meet, with a pause after each: more than a minute.
MOST_FAILURES = 15


def carry_on(*, batch_id: int, now: datetime) -> None:
    """Request the next top-ups of a batch; then ask a worker to go on, or end the batch."""
    clock = Clock(now)
    batch = Batch.objects.select_related("agent__switch").get(pk=batch_id)
    if batch.state != BatchState.CONFIRMED:
        return
    # The balance is read here, so that the batch is not locked while the switch is asked.
    balances.current(account=batch.agent, now=now)
    rows = list(batch.rows.filter(WAITING).order_by("line").values_list("pk", flat=True)[:AT_ONCE])
    if _request_each(batch_id, rows, clock):
        _go_on(batch_id, clock.now())
    else:
        Batch.objects.filter(pk=batch_id).update(next_step_at=clock.now() + PAUSE)


def sweep(*, now: datetime) -> int:
    """Go on with the batches that no living process has. Returns how many there were."""
    due = Batch.objects.filter(state=BatchState.CONFIRMED, next_step_at__lte=now).order_by("next_step_at")
    batches = list(due.values_list("pk", flat=True))
    for batch_id in batches:
        try:
            carry_on(batch_id=batch_id, now=now)
        except Exception:
            logger.exception("The sweep could not go on with batch %s", batch_id)
    return len(batches)


def _request_each(batch_id: int, rows: list[int], clock: Clock) -> bool:
    """Request the rows in their order. False when the batch has to wait: for a newer balance, or after an error."""
    may_go_on = True
    for row_id in rows:
        try:
            _request(batch_id, row_id, clock.now())
        except topup_transfers.TEMPORARY as refused:
            logger.info("Batch %s waits: %s", batch_id, refused)
            return False
        except Exception:
            # The others of the file need not wait for one that cannot be handled.
            logger.exception("Row %s of batch %s could not be asked for", row_id, batch_id)
            may_go_on = _give_up(row_id) and may_go_on
    return may_go_on


def _give_up(row_id: int) -> bool:
    """Count a failure. True when it was the last attempt: then the row ends as not sent, so that its batch can end."""
    row = BatchRow.objects.filter(WAITING, pk=row_id)
    row.update(failures=F("failures") + 1)
    given_up = row.filter(failures__gte=MOST_FAILURES).update(problem=Because(RowReason.GIVEN_UP))
    if given_up:
        logger.error("Row %s is given up after %d failures: it is not sent", row_id, MOST_FAILURES)
    return bool(given_up)


@transaction.atomic
def _request(batch_id: int, row_id: int, now: datetime) -> None:
    batch = _locked(batch_id)
    row = batch.rows.filter(WAITING, pk=row_id).select_related("account__switch").first()
    if batch.state != BatchState.CONFIRMED or row is None:
        return
    if row.account is None or row.amount is None or batch.confirmed_by is None:
        raise AssertionError("The database lets no such row wait.")
    if not _may_still_pay(batch.confirmed_by, batch.agent):
        figures = {"person": batch.confirmed_by.get_full_name(), "account": batch.agent.number}
        row.problem = Because(RowReason.MAY_NO_LONGER_PAY, figures)
        row.save(update_fields=["problem"])
        return
    try:
        row.topup = topup_transfers.request(
            account=row.account,
            payer=batch.agent,
            amount=row.amount,
            by=batch.confirmed_by,
            key=f"{batch.reference}/{row.line}",
            note=row.note,
            now=now,
            # A mail for each of many lines would be too much; the page of the batch tells how they went.
            mails_success=False,
            # The warnings of the rows were confirmed; what has come into doubt since then was not.
            besides_unsettled=row.warning is not None,
        )
    except topup_transfers.TEMPORARY:
        raise
    except PersonLimitExceeded as refused:
        # Another owner may read this row.
        row.problem = refused.about(batch.confirmed_by.get_full_name())
    except TopUpRefused as refused:
        row.problem = refused.because
    row.save(update_fields=["topup", "problem"])


def _may_still_pay(by: User, agent: Account) -> bool:
    """Whether the person who confirmed the batch still has the account, and the login."""
    access = access_of(by, agent) if by.is_active else None
    return access is not None and access.may(Action.PAY_BATCHES)


@transaction.atomic
def _go_on(batch_id: int, now: datetime) -> None:
    batch = _locked(batch_id)
    if batch.state != BatchState.CONFIRMED:
        return
    if not batch.rows.filter(WAITING).exists():
        end(batch=batch, now=now)
        logger.info("All top-ups of %s were asked for", batch)
        return
    batch.next_step_at = now + SWEEP_AFTER
    batch.save(update_fields=["next_step_at"])
    transaction.on_commit(partial(CARRY_ON.enqueue, batch_id))


def _locked(batch_id: int) -> Batch:
    """The batch, locked until the transaction ends: it is not stopped, and no other process requests the same row."""
    batches = Batch.objects.select_for_update(of=("self",), no_key=True)
    return batches.select_related("agent__switch", "confirmed_by").get(pk=batch_id)
