"""Locks accounts on the switch whose payments by card are disputed, where the switch is set so. People unlock them.

The account is looked at first, the lock is sent at most once, and the account is looked at again when in doubt.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from accounts.lib.backoff import Backoff
from accounts.lib.clock import Clock
from accounts.models import AuditAction
from accounts.services import audit
from billing.balances.services import profiles
from billing.card_payments.models import CardReversal, DisputeLock, DisputeLockReason, DisputeLockState
from billing.card_payments.models.reversals import DISPUTE_LOCK_ENDS
from billing.card_payments.services.reversals import LOCKS_FOR
from billing.lib.reasons import Because
from billing.switches.services import clients
from billing.switches.services.failures import FAILURES
from billing.vos3000 import Client, Refused, UnknownOutcome, Unreachable
from billing.vos3000.operations.customers import Customer, LockType, get_customers, modify_customer

logger = logging.getLogger(__name__)

PAUSES = Backoff(first=timedelta(seconds=5), longest=timedelta(minutes=10))
# Longer than the client waits for one whole answer.
DEAD_AFTER = timedelta(seconds=60)
MOST_AT_ONCE = 20


def sweep(*, now: datetime) -> int:
    """Go on with the locks that are due, and with those whose process died while it sent them."""
    dead = DisputeLock.objects.filter(state=DisputeLockState.SENDING, sent_at__lt=now - DEAD_AFTER)
    for lock in dead:
        _move(lock, DisputeLockState.IN_DOUBT, now, why=Because(DisputeLockReason.UNCLEAR), next_step_at=now)
    open_ones = DisputeLock.objects.filter(state__in=[DisputeLockState.WAITING, DisputeLockState.IN_DOUBT])
    due = open_ones.filter(next_step_at__lte=now).order_by("next_step_at")[:MOST_AT_ONCE]
    clock = Clock(now)
    for lock in due:
        try:
            carry_out(lock_id=lock.pk, now=clock.now())
        except Exception:
            # One that cannot be handled must not keep the others waiting.
            logger.exception("%s could not be carried on", lock)
    return len(due)


def carry_out(*, lock_id: int, now: datetime) -> DisputeLock:
    """Take the next step of one lock, whichever that is. Safe to call at any time."""
    lock = DisputeLock.objects.select_related("account__switch", "dispute__payment").get(pk=lock_id)
    if lock.state not in (DisputeLockState.WAITING, DisputeLockState.IN_DOUBT):
        return lock
    clock = Clock(now)
    try:
        with clients.client(lock.account.switch) as client:
            found = _read(client, lock, now)
            if lock.state == DisputeLockState.IN_DOUBT:
                _judge(lock, found, clock.now())
            elif not _is_settled_by(lock, found, clock.now()) and _claim(lock, clock.now()):
                _send(client, lock, clock)
    except FAILURES as error:
        # Only a look ends here: a lock that is being sent never raises.
        logger.info("%s waits: %s", lock, error)
        still = DisputeLock.objects.filter(pk=lock.pk, state=lock.state, attempts=lock.attempts)
        still.update(next_step_at=clock.now() + PAUSES.pause(lock.attempts), attempts=F("attempts") + 1)
        lock.refresh_from_db()
    return lock


def _is_settled_by(lock: DisputeLock, found: Customer | None, now: datetime) -> bool:
    """Whether the first look ends it: there is no account, or it is locked already."""
    if found is None:
        return _move(lock, DisputeLockState.NOT_LOCKED, now, why=Because(DisputeLockReason.ACCOUNT_GONE))
    if found.is_locked:
        return _move(lock, DisputeLockState.LOCKED, now, why=Because(DisputeLockReason.LOCKED_ALREADY))
    return False


@transaction.atomic(durable=True)
def _claim(lock: DisputeLock, now: datetime) -> bool:
    """Make it this process' own, unless the dispute has ended. Committed before anything is sent."""
    dispute = CardReversal.objects.select_for_update(no_key=True).get(pk=lock.dispute_id)
    if dispute.state not in LOCKS_FOR:
        _move(lock, DisputeLockState.NOT_LOCKED, now, why=Because(DisputeLockReason.DISPUTE_OVER))
        return False
    return _move(lock, DisputeLockState.SENDING, now, sent_at=now, attempts=lock.attempts + 1)


def _send(client: Client, lock: DisputeLock, clock: Clock) -> None:
    try:
        modify_customer(client, account=lock.account.number, lock_type=LockType.LOCKED)
    except Unreachable:
        again_at = clock.now() + PAUSES.pause(lock.attempts)
        not_yet = Because(DisputeLockReason.NOT_YET)
        _move(lock, DisputeLockState.WAITING, clock.now(), why=not_yet, next_step_at=again_at)
    except Refused as error:
        why = Because(DisputeLockReason.REFUSED, {"code": str(error.code)})
        _move(lock, DisputeLockState.NOT_LOCKED, clock.now(), why=why)
    except UnknownOutcome as error:
        logger.warning("%s is in doubt: %s", lock, error.reason)
        _put_in_doubt(lock, clock.now())
    except Exception:
        logger.exception("%s ended in an unexpected way", lock)
        _put_in_doubt(lock, clock.now())
    else:
        _read_back(client, lock, clock)


def _read_back(client: Client, lock: DisputeLock, clock: Clock) -> None:
    """Look whether it is locked now. The switch called it done; where it does not show it, it is looked at again."""
    try:
        found = _read(client, lock, clock.now())
    except FAILURES as error:
        logger.info("%s could not be read back: %s", lock, error)
        _put_in_doubt(lock, clock.now())
        return
    if found is not None and found.is_locked:
        _move(lock, DisputeLockState.LOCKED, clock.now())
    else:
        _put_in_doubt(lock, clock.now())


def _judge(lock: DisputeLock, found: Customer | None, now: datetime) -> None:
    """Decide about one in doubt: a lock that the switch does not show once it had time to settle was not done."""
    switch = lock.account.switch
    if found is not None and found.is_locked:
        _move(lock, DisputeLockState.LOCKED, now)
    elif found is not None and now - (lock.sent_at or now) < switch.settling_time:
        _move_on(lock, now + switch.failed_look_pause)
    else:
        reason = DisputeLockReason.NOT_LOCKED if found is not None else DisputeLockReason.ACCOUNT_GONE
        _move(lock, DisputeLockState.NOT_LOCKED, now, why=Because(reason))


def _put_in_doubt(lock: DisputeLock, now: datetime) -> None:
    first_look_at = now + lock.account.switch.first_look_after
    why = Because(DisputeLockReason.UNCLEAR)
    _move(lock, DisputeLockState.IN_DOUBT, now, why=why, next_step_at=first_look_at)


def _move_on(lock: DisputeLock, next_step_at: datetime) -> None:
    DisputeLock.objects.filter(pk=lock.pk, state=lock.state).update(next_step_at=next_step_at)
    lock.refresh_from_db()


def _read(client: Client, lock: DisputeLock, now: datetime) -> Customer | None:
    number = lock.account.number
    customers = get_customers(client, accounts=[number])
    found = next((customer for customer in customers if customer.account == number), None)
    if found is not None:
        profiles.save(switch=lock.account.switch, customers=[found], sent=now)
    return found


@transaction.atomic
def _move(
    lock: DisputeLock, to: DisputeLockState, now: datetime, *, why: Because | None = None, **fields: object
) -> bool:
    """Take the lock from the state it was read in to another one. False: another process was quicker.

    One that failed makes its dispute wait for a person again.
    """
    settled = {"settled_at": now} if to in DISPUTE_LOCK_ENDS else {}
    as_read = DisputeLock.objects.filter(pk=lock.pk, state=lock.state, attempts=lock.attempts)
    moved = as_read.update(state=to, why=why, **settled, **fields)
    lock.refresh_from_db(fields=["state", "why", "attempts", "next_step_at", "sent_at", "settled_at"])
    if moved and to in DISPUTE_LOCK_ENDS:
        text = f"dispute {lock.dispute.number}: {lock.state}"
        audit.note(action=AuditAction.CHANGED, now=now, account=lock.account, subject=lock, text=text)
    if moved and to == DisputeLockState.NOT_LOCKED:
        CardReversal.objects.filter(pk=lock.dispute_id).update(handled_at=None, handled_by=None, handled_why="")
    return bool(moved)
