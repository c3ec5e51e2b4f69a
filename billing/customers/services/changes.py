"""Takes what an agent asks to be done with an account directly below its own, before anything is sent."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from functools import partial

from django.db import IntegrityError, transaction

from accounts.lib.money_columns import MONEY_PLACES
from accounts.models import Account, AuditAction, User
from accounts.services import audit
from billing.balances.services import balances
from billing.customers.models import ChangeKind, ChangeReason, CustomerChange
from billing.customers.services import overdrafts
from billing.lib.amounts import BadAmount, check_amount
from billing.lib.queued_tasks import SWEEP_AFTER, QueuedTask

CARRY_OUT = QueuedTask(name="billing.customers.tasks.carry_out_change", queue="money")

PERMISSIONS = {
    ChangeKind.OPEN: "may_open_customers",
    ChangeKind.LOCK: "may_lock_customers",
    ChangeKind.UNLOCK: "may_lock_customers",
    ChangeKind.OVERDRAFT: "may_set_overdrafts",
}


class ChangeRefused(Exception):
    """Nothing is sent. `reason` says why, `figure` is what its words name, and `field` is what to correct."""

    field = ""

    def __init__(self, reason: ChangeReason, figure: str = "") -> None:
        super().__init__(reason.value, figure)
        self.reason, self.figure = reason, figure


class NotAllowed(ChangeRefused):
    """The operator does not let the agent do it, or the account is not directly below the agent any more."""


class UnderWay(ChangeRefused):
    """Another change of the same account has not ended."""


class KeyReused(ChangeRefused):
    """The key came before, with another request."""


class NumberTaken(ChangeRefused):
    field = "number"


class OverdraftTooLarge(ChangeRefused):
    field = "overdraft"


class OverdraftUnfit(ChangeRefused):
    field = "overdraft"


def open_account(
    *,
    agent: Account,
    number: str,
    name: str,
    overdraft: Decimal,
    rate_group: str,
    email: str,
    by: User,
    key: str,
    now: datetime,
    hand_over: bool = True,
) -> CustomerChange:
    """Ask for an account directly below the agent, and for an invitation to `email`. Raises ChangeRefused."""
    change = CustomerChange(number=number, name=name, overdraft=overdraft, rate_group=rate_group, email=email.lower())
    return _request(change, ChangeKind.OPEN, agent, by, key, now, hand_over=hand_over)


def set_lock(
    *, account: Account, agent: Account, locked: bool, by: User, key: str, now: datetime, hand_over: bool = True
) -> CustomerChange:
    """Ask to lock an account, or to unlock it. Raises ChangeRefused."""
    change = CustomerChange(number=account.number, account=account)
    kind = ChangeKind.LOCK if locked else ChangeKind.UNLOCK
    return _request(change, kind, agent, by, key, now, hand_over=hand_over)


def set_overdraft(
    *, account: Account, agent: Account, overdraft: Decimal, by: User, key: str, now: datetime, hand_over: bool = True
) -> CustomerChange:
    """Ask for another overdraft of an account. Raises ChangeRefused."""
    change = CustomerChange(number=account.number, account=account, overdraft=overdraft)
    return _request(change, ChangeKind.OVERDRAFT, agent, by, key, now, hand_over=hand_over)


def check(*, change: CustomerChange, agent: Account) -> None:
    """Raises ChangeRefused when the change must not reach the switch.

    `agent` is locked, and what is known of it is current.
    """
    kind, account = ChangeKind(change.kind), change.account
    if not getattr(agent, PERMISSIONS[kind]) or agent.missing_since is not None:
        raise NotAllowed(ChangeReason.NOT_ALLOWED)
    if account is not None and (account.parent_id != agent.pk or account.missing_since is not None):
        raise NotAllowed(ChangeReason.NOT_BELOW)
    if account is None and Account.objects.filter(switch=agent.switch, number=change.number).exists():
        raise NumberTaken(ChangeReason.NUMBER_TAKEN, change.number)
    if change.overdraft is not None:
        _check_overdraft(change, agent, change.overdraft)


def describe(change: CustomerChange) -> str:
    """Say what is asked for, for the audit trail: codes and figures, the same in every language."""
    is_about = [] if change.kind == ChangeKind.OVERDRAFT else [change.kind]
    amount = [] if change.overdraft is None else [f"overdraft {change.overdraft.normalize():f}"]
    return ", ".join([*is_about, *amount, *([f"invites {change.email}"] if change.email else [])])


def _check_overdraft(change: CustomerChange, agent: Account, overdraft: Decimal) -> None:
    try:
        check_amount(overdraft, places=MONEY_PLACES, or_zero=True)
    except BadAmount as error:
        raise OverdraftUnfit(ChangeReason.OVERDRAFT_UNFIT) from error
    if not overdraft:
        return
    if not agent.may_set_overdrafts:
        raise NotAllowed(ChangeReason.NO_OVERDRAFTS)
    largest = overdrafts.largest_for(agent=agent, number=change.number, besides=change)
    if largest is not None and overdraft > largest:
        raise OverdraftTooLarge(ChangeReason.OVERDRAFT_TOO_LARGE, f"{largest.normalize():f} {agent.switch.currency}")


def _request(
    change: CustomerChange, kind: ChangeKind, agent: Account, by: User, key: str, now: datetime, *, hand_over: bool
) -> CustomerChange:
    """Write the change down. The same key and content give the same row, however often they come."""
    with transaction.atomic():
        agent = balances.lock_agent(agent)
        change.agent, change.kind, change.requested_by, change.key = agent, kind, by, key
        change.requested_at, change.deadline = now, now + agent.switch.sending_deadline
        change.next_step_at = now + SWEEP_AFTER
        known = CustomerChange.objects.filter(requested_by=by, key=key).first()
        if known is not None:
            if _content(known) != _content(change):
                raise KeyReused(ChangeReason.KEY_REUSED)
            return known
        check(change=change, agent=agent)
        try:
            with transaction.atomic():
                change.save(force_insert=True)
        except IntegrityError as error:
            raise UnderWay(ChangeReason.UNDER_WAY) from error
        audit.note(
            action=AuditAction.REQUESTED,
            now=now,
            by=by,
            via=agent,
            account=change.account or agent,
            subject=change,
            text=describe(change),
        )
        if hand_over:
            transaction.on_commit(partial(CARRY_OUT.enqueue, change.pk))
    return change


def _content(change: CustomerChange) -> tuple[object, ...]:
    return (
        *(change.agent_id, change.kind, change.number, change.name),
        *(change.overdraft, change.rate_group, change.email),
    )
