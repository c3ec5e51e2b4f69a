"""What an agent asks to be done with an account directly below its own: written down before anything is sent."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from functools import partial

from django.db import IntegrityError, transaction

from accounts.models import Account, AuditAction, User
from accounts.services import audit
from billing.balances.services import balances
from billing.customers.models import ChangeKind, CustomerChange
from billing.customers.services import overdrafts
from billing.lib.queued_tasks import HAND_OVER, QueuedTask

CARRY_OUT = QueuedTask(name="billing.customers.tasks.carry_out_change", queue="money")

# A row that was just written is left to whoever is told of it for so long before a sweep takes it.
PERMISSIONS = {
    ChangeKind.OPEN: "may_open_customers",
    ChangeKind.LOCK: "may_lock_customers",
    ChangeKind.UNLOCK: "may_lock_customers",
    ChangeKind.OVERDRAFT: "may_set_overdrafts",
}


class ChangeRefused(Exception):
    """Nothing is sent. The sentence is for the person; `field` is what to correct."""

    field = ""


class NotLet(ChangeRefused):
    """The operator does not let the agent, or the account is not directly below it any more."""


class UnderWay(ChangeRefused):
    """Another wish about the same account has not ended."""


class KeyReused(ChangeRefused):
    pass


class NumberTaken(ChangeRefused):
    field = "number"


class OverdraftTooLarge(ChangeRefused):
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
    """An account directly below the agent, and an invitation to whom it is for. Raises ChangeRefused."""
    wish = CustomerChange(number=number, name=name, overdraft=overdraft, rate_group=rate_group, email=email.lower())
    return _ask(wish, ChangeKind.OPEN, agent, by, key, now, hand_over=hand_over)


def set_lock(
    *, account: Account, agent: Account, locked: bool, by: User, key: str, now: datetime, hand_over: bool = True
) -> CustomerChange:
    """Raises ChangeRefused."""
    wish = CustomerChange(number=account.number, account=account)
    kind = ChangeKind.LOCK if locked else ChangeKind.UNLOCK
    return _ask(wish, kind, agent, by, key, now, hand_over=hand_over)


def set_overdraft(
    *, account: Account, agent: Account, overdraft: Decimal, by: User, key: str, now: datetime, hand_over: bool = True
) -> CustomerChange:
    """Raises ChangeRefused."""
    wish = CustomerChange(number=account.number, account=account, overdraft=overdraft)
    return _ask(wish, ChangeKind.OVERDRAFT, agent, by, key, now, hand_over=hand_over)


def check(*, wish: CustomerChange, agent: Account) -> None:
    """Raises ChangeRefused when the switch must not see it. `agent` is held, and what is known of it is current."""
    kind, account = ChangeKind(wish.kind), wish.account
    if not getattr(agent, PERMISSIONS[kind]) or agent.missing_since is not None:
        raise NotLet("Your provider does not let this account do that.")
    if account is not None and (account.parent_id != agent.pk or account.missing_since is not None):
        raise NotLet("This account is no longer directly below yours.")
    if account is None and Account.objects.filter(switch=agent.switch, number=wish.number).exists():
        raise NumberTaken(f"There is an account {wish.number} already. Choose another number.")
    if wish.overdraft:
        _check_overdraft(wish, agent, wish.overdraft)


def _check_overdraft(wish: CustomerChange, agent: Account, overdraft: Decimal) -> None:
    if not agent.may_set_overdrafts:
        raise NotLet("Your provider does not let this account set overdrafts.")
    most = overdrafts.most_for(agent=agent, number=wish.number, besides=wish)
    if most is not None and overdraft > most:
        told = f"{most.normalize():f} {agent.switch.currency}"
        raise OverdraftTooLarge(f"This account can give {told} at most: all overdrafts stay within its own.")


def _ask(
    wish: CustomerChange, kind: ChangeKind, agent: Account, by: User, key: str, now: datetime, *, hand_over: bool
) -> CustomerChange:
    """The same key and body give the same row, however often they come."""
    with transaction.atomic():
        agent = balances.locked(agent)
        wish.agent, wish.kind, wish.requested_by, wish.key = agent, kind, by, key
        wish.requested_at, wish.deadline = now, now + agent.switch.sending_deadline
        wish.next_step_at = now + HAND_OVER
        known = CustomerChange.objects.filter(requested_by=by, key=key).first()
        if known is not None:
            if _body(known) != _body(wish):
                raise KeyReused("This form was already used for something else. Start again.")
            return known
        check(wish=wish, agent=agent)
        try:
            with transaction.atomic():
                wish.save(force_insert=True)
        except IntegrityError as error:
            raise UnderWay("Something is being done with this account just now. Wait until it has ended.") from error
        audit.note(
            action=AuditAction.REQUESTED,
            now=now,
            by=by,
            via=agent,
            account=wish.account or agent,
            subject=wish,
            text=described(wish),
        )
        if hand_over:
            transaction.on_commit(partial(CARRY_OUT.enqueue, wish.pk))
    return wish


def described(wish: CustomerChange) -> str:
    amount = "" if wish.overdraft is None else f", overdraft {wish.overdraft.normalize():f}"
    return f"{wish.get_kind_display()}{amount}" + (f", invites {wish.email}" if wish.email else "")


def _body(wish: CustomerChange) -> tuple[object, ...]:
    return wish.agent_id, wish.kind, wish.number, wish.name, wish.overdraft, wish.rate_group, wish.email
