"""Carries out what an agent asked for.

The account is looked at first, the change is sent at most once, and the account is looked at again when in doubt.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from accounts.lib.backoff import Backoff
from accounts.lib.clock import Clock, Deadline
from accounts.models import Account
from billing.balances.services import balances, profiles
from billing.customers.models import ChangeKind, ChangeReason, ChangeState, CustomerChange
from billing.customers.services import changes, states
from billing.customers.services.states import move
from billing.lib.advisory_locks import Locked
from billing.lib.amounts import stored
from billing.lib.claims import LEAVES_WITHIN, Claim, holding, is_held
from billing.switches.services import clients
from billing.switches.services.failures import FAILURES
from billing.vos3000 import Client, Refused, UnknownOutcome, Unreachable
from billing.vos3000.operations.customers import Customer, LockType, create_customer, get_customers, modify_customer

logger = logging.getLogger(__name__)

PAUSES = Backoff(first=timedelta(seconds=1), longest=timedelta(seconds=60))
# Longer than the client waits for one whole answer.
DEAD_AFTER = timedelta(seconds=60)
MOST_AT_ONCE = 50

Operation = Callable[[Client], None]


def carry_out(*, change_id: int, now: datetime) -> CustomerChange:
    """Take the next step of one change, whichever that is. Safe to call at any time."""
    clock = Clock(now)
    change = CustomerChange.objects.select_related("agent__switch", "account", "requested_by").get(pk=change_id)
    if change.state == ChangeState.REQUESTED:
        _send(change, clock)
    elif change.state == ChangeState.IN_DOUBT:
        _look_again(change, clock)
    return change


def sweep(*, now: datetime) -> int:
    """Go on with the changes that no worker takes care of: messages that were lost, senders that died, doubt."""
    dead = CustomerChange.objects.filter(state=ChangeState.SENDING, sent_at__lt=now - DEAD_AFTER)
    for change in dead:
        move(change, ChangeState.IN_DOUBT, now, reason=ChangeReason.CUT_OFF, next_step_at=now)
    open_ones = CustomerChange.objects.filter(state__in=[ChangeState.REQUESTED, ChangeState.IN_DOUBT])
    due = open_ones.filter(next_step_at__lte=now).order_by("next_step_at")[:MOST_AT_ONCE]
    clock = Clock(now)
    for change in due:
        try:
            carry_out(change_id=change.pk, now=clock.now())
        except Exception:
            # One that cannot be handled must not keep the others waiting.
            logger.exception("%s could not be carried on", change)
    return len(due)


def _send(change: CustomerChange, clock: Clock) -> None:
    now = clock.now()
    if now >= change.deadline:
        move(change, ChangeState.REFUSED, now, reason=ChangeReason.NOT_REACHED)
        return
    try:
        with clients.client(change.agent.switch) as client:
            before = _look_before(client, change, now)
            deadline = Deadline(LEAVES_WITHIN)
            if change.state == ChangeState.REQUESTED and _claim(change, clock.now()):
                _operate(client, change, before, clock, deadline)
    except FAILURES as error:
        # Only what comes before the claim ends here: nothing was sent.
        logger.info("%s waits: %s", change, error)
        still = CustomerChange.objects.filter(pk=change.pk, state=ChangeState.REQUESTED, attempts=change.attempts)
        again_at = clock.now() + PAUSES.pause(change.attempts)
        still.update(attempts=F("attempts") + 1, next_step_at=again_at, reason=ChangeReason.NOT_YET)
        change.refresh_from_db()


def _look_before(client: Client, change: CustomerChange, now: datetime) -> Customer | None:
    """Read the account again, and what the decision rests on. It may end the change.

    Raises an error of `billing.vos3000` when the switch cannot be asked.
    """
    found = _read(client, change, now)
    if change.kind == ChangeKind.OPEN:
        if found is not None:
            move(change, ChangeState.REFUSED, now, reason=ChangeReason.TAKEN_ON_SWITCH)
    elif found is None:
        move(change, ChangeState.REFUSED, now, reason=ChangeReason.UNKNOWN_TO_SWITCH)
    elif found.agent_account != change.agent.number:
        move(change, ChangeState.REFUSED, now, reason=ChangeReason.LEFT_THE_AGENT)
    elif _is_in_effect(change, found):
        states.finish(change, now=now, reason=ChangeReason.ALREADY_SO)
    if change.state == ChangeState.REQUESTED and change.overdraft:
        # Their overdrafts share the agent's: a row that cannot be read might be what is too much.
        children = get_customers(client, agent=change.agent.number, direct_children_only=True)
        own = get_customers(client, accounts=[change.agent.number])
        family = [*children.whole("GetCustomer"), *own.whole("GetCustomer")]
        profiles.save(switch=change.agent.switch, customers=family, sent=now)
    return found


@transaction.atomic(durable=True)
def _claim(change: CustomerChange, now: datetime) -> bool:
    """Make the change this process' own, if it may still be done. Committed before anything is sent."""
    agent = balances.lock_agent(change.agent)
    if change.account_id is not None:
        change.account = Account.objects.get(pk=change.account_id)
    try:
        changes.check(change=change, agent=agent)
    except changes.ChangeRefused as refused:
        move(change, ChangeState.REFUSED, now, reason=refused.reason, figure=refused.figure)
        return False
    return move(change, ChangeState.SENDING, now, sent_at=now, attempts=change.attempts + 1)


def _operate(client: Client, change: CustomerChange, before: Customer | None, clock: Clock, deadline: Deadline) -> None:
    ours = CustomerChange.objects.filter(pk=change.pk, state=ChangeState.SENDING, attempts=change.attempts)
    claim = Claim(ours.exists, deadline=deadline)
    try:
        with holding(Locked.SENDING_OF_CHANGE, change.pk), client.writing_only_if(claim.may_leave):
            _operation(change)(client)
    except Unreachable:
        again_at = clock.now() + PAUSES.pause(change.attempts)
        move(change, ChangeState.REQUESTED, clock.now(), reason=ChangeReason.NOT_YET, next_step_at=again_at)
    except Refused as error:
        logger.warning("%s was refused with code %s", change, error.code)
        move(change, ChangeState.REFUSED, clock.now(), reason=ChangeReason.REFUSED_BY_SWITCH, figure=str(error.code))
    except UnknownOutcome as error:
        logger.warning("%s is in doubt: %s", change, error.reason)
        _put_in_doubt(change, clock.now())
    except Exception:
        logger.exception("%s ended in an unexpected way", change)
        _put_in_doubt(change, clock.now())
    else:
        _read_back(client, change, before, clock)


def _operation(change: CustomerChange) -> Operation:
    number, overdraft = change.number, change.overdraft
    if change.kind == ChangeKind.OPEN:
        assert overdraft is not None  # noqa: S101  # the database holds it; this tells the types
        return lambda client: create_customer(
            client,
            account=number,
            name=change.name,
            agent=change.agent.number,
            overdraft=overdraft,
            rate_group=change.rate_group,
            memo=change.reference,
        )
    if change.kind == ChangeKind.OVERDRAFT:
        return lambda client: modify_customer(client, account=number, overdraft=overdraft)
    lock = LockType.LOCKED if change.kind == ChangeKind.LOCK else LockType.OPEN
    return lambda client: modify_customer(client, account=number, lock_type=lock)


def _read_back(client: Client, change: CustomerChange, before: Customer | None, clock: Clock) -> None:
    """Keep what the switch shows now. It called the change done; where it is not, the account is looked at again."""
    try:
        found = _read(client, change, clock.now())
    except FAILURES as error:
        logger.info("%s is done and could not be read back: %s", change, error)
        states.finish(change, now=clock.now())
        return
    if found is None or not _is_in_effect(change, found):
        _put_in_doubt(change, clock.now())
        return
    also = _changed_besides(change, before, found)
    if also:
        logger.error("%s changed more than was asked for: %s", change, ", ".join(also))
    states.finish(change, now=clock.now(), also=also)


def _look_again(change: CustomerChange, clock: Clock) -> None:
    switch, now = change.agent.switch, clock.now()
    try:
        with clients.client(switch) as client:
            found = _read(client, change, now)
    except FAILURES as error:
        logger.info("%s could not be looked for: %s", change, error)
        in_doubt = CustomerChange.objects.filter(pk=change.pk, state=ChangeState.IN_DOUBT)
        in_doubt.update(next_step_at=clock.now() + switch.failed_look_pause)
        change.refresh_from_db()
        return
    _judge(change, found, clock.now())


@transaction.atomic
def _judge(change: CustomerChange, found: Customer | None, now: datetime) -> None:
    """End doubt by what the switch shows. Nothing ends while a process that was stopped might still send the change."""
    switch, looks = change.agent.switch, change.looks + 1
    is_settled = now - (change.sent_at or now) >= switch.settling_time and looks >= switch.clean_looks
    if is_held(Locked.SENDING_OF_CHANGE, change.pk):
        _look_later(change, looks, now)
    elif found is not None and _is_in_effect(change, found):
        states.finish(change, now=now)
    elif found is not None and change.kind == ChangeKind.OPEN:
        move(change, ChangeState.REFUSED, now, reason=ChangeReason.TAKEN_ON_SWITCH)
    elif is_settled:
        move(change, ChangeState.REFUSED, now, reason=ChangeReason.NOT_FOUND)
    else:
        _look_later(change, looks, now)


def _look_later(change: CustomerChange, looks: int, now: datetime) -> None:
    in_doubt = CustomerChange.objects.filter(pk=change.pk, state=ChangeState.IN_DOUBT)
    in_doubt.update(looks=looks, next_step_at=now + change.agent.switch.look_pauses.pause(looks))
    change.refresh_from_db()


def _read(client: Client, change: CustomerChange, now: datetime) -> Customer | None:
    """Ask the switch for the account. What is not the agent's is not kept: no one here may know it."""
    customers = get_customers(client, accounts=[change.number]).whole("GetCustomer")
    found = next((customer for customer in customers if customer.account == change.number), None)
    if found is not None and (change.account_id is not None or found.agent_account == change.agent.number):
        profiles.save(switch=change.agent.switch, customers=[found], sent=now)
    return found


def _is_in_effect(change: CustomerChange, found: Customer) -> bool:
    """Whether the switch shows the account as the change wants it."""
    match change.kind:
        case ChangeKind.LOCK:
            return found.is_locked is True
        case ChangeKind.UNLOCK:
            return found.is_locked is False
        case ChangeKind.OVERDRAFT:
            return stored(found.limit_money) == change.overdraft
        case _:
            # The number was free just before: an account below this agent with this mark or name was opened by us.
            is_below = found.agent_account == change.agent.number
            return is_below and (found.memo == change.reference or found.name == change.name)


def _changed_besides(change: CustomerChange, before: Customer | None, found: Customer) -> list[str]:
    """Name the fields that changed unasked: the manual does not say what becomes of those that are left out."""
    if before is None:
        return []
    asked = {ChangeKind.OVERDRAFT: "limit_money"}.get(ChangeKind(change.kind), "lock_type")
    watched = {"name", "limit_money", "fee_rate_group", "type", "lock_type", "agent_account", "valid_time", "memo"}
    return sorted(name for name in watched - {asked} if getattr(before, name) != getattr(found, name))


def _put_in_doubt(change: CustomerChange, now: datetime) -> None:
    first_look_at = now + change.agent.switch.first_look_after
    move(change, ChangeState.IN_DOUBT, now, reason=ChangeReason.UNCLEAR, next_step_at=first_look_at)
