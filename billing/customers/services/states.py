"""How what an agent asked for moves on and ends: the state, the account's row and the trail in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from accounts.models import Account, AuditAction
from accounts.services import audit
from billing.customers.models import CHANGE_ENDS, ChangeKind, ChangeState, CustomerChange
from billing.customers.services.changes import described

_CHANGING = (
    *("state", "why", "attempts", "looks", "next_step_at", "sent_at", "settled_at"),
    *("account", "invitation", "mailed_at"),
)


def move(change: CustomerChange, to: ChangeState, now: datetime, *, why: str = "", **fields: object) -> bool:
    """From the state it was read in to another; False when somebody else was quicker. It is read again either way."""
    settled = {"settled_at": now} if to in CHANGE_ENDS else {}
    as_read = CustomerChange.objects.filter(pk=change.pk, state=change.state, attempts=change.attempts)
    moved = as_read.update(state=to, why=why[:300], **settled, **fields)
    change.refresh_from_db(fields=[*_CHANGING])
    return bool(moved)


@transaction.atomic
def finish(change: CustomerChange, *, now: datetime, why: str = "", also: Sequence[str] = ()) -> None:
    """It is done: an opened account gets its row, and whom it is for is owed an invitation (`customer_mails`)."""
    account = change.account or _row(change)
    if not move(change, ChangeState.DONE, now, why=why, account=account, next_step_at=now):
        return
    audit.note(
        action=AuditAction.ADDED if change.kind == ChangeKind.OPEN else AuditAction.CHANGED,
        now=now,
        by=change.requested_by,
        via=change.agent,
        account=account,
        subject=change,
        text=described(change) + (f"; changed besides: {', '.join(also)}" if also else ""),
    )


def _row(change: CustomerChange) -> Account:
    """Read from the switch already, or, where it could not be read, what is known of it by having opened it."""
    defaults = {"name": change.name, "parent": change.agent, "overdraft": change.overdraft}
    account, _ = Account.objects.get_or_create(switch=change.agent.switch, number=change.number, defaults=defaults)
    return account
