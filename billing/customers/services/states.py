"""Takes a change from state to state and ends it: its state, the account's row and the trail in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from accounts.models import Account, AuditAction
from accounts.services import audit
from billing.customers.models import CHANGE_ENDS, ChangeKind, ChangeReason, ChangeState, CustomerChange
from billing.customers.services.changes import describe

_CHANGING = (
    *("state", "reason", "figure", "attempts", "looks", "next_step_at", "sent_at", "settled_at"),
    *("account", "invitation", "mailed_at"),
)


def move(
    change: CustomerChange,
    to: ChangeState,
    now: datetime,
    *,
    reason: ChangeReason | None = None,
    figure: str = "",
    **fields: object,
) -> bool:
    """Take the change from the state it was read in to another one, and read it again.

    Returns False when another process was quicker.
    """
    settled = {"settled_at": now} if to in CHANGE_ENDS else {}
    as_read = CustomerChange.objects.filter(pk=change.pk, state=change.state, attempts=change.attempts)
    moved = as_read.update(state=to, reason=reason or "", figure=figure, **settled, **fields)
    change.refresh_from_db(fields=[*_CHANGING])
    return bool(moved)


@transaction.atomic
def finish(
    change: CustomerChange, *, now: datetime, reason: ChangeReason | None = None, also: Sequence[str] = ()
) -> None:
    """Note that the change is done: an opened account gets its row, and from now on the invitation is due.

    `also` names the fields that changed on the switch besides.
    """
    account = change.account or _account_opened(change)
    if not move(change, ChangeState.DONE, now, reason=reason, account=account, next_step_at=now):
        return
    audit.note(
        action=AuditAction.ADDED if change.kind == ChangeKind.OPEN else AuditAction.CHANGED,
        now=now,
        by=change.requested_by,
        via=change.agent,
        account=account,
        subject=change,
        text=describe(change) + (f"; changed besides: {', '.join(also)}" if also else ""),
    )


def _account_opened(change: CustomerChange) -> Account:
    """Find the row that was read from the switch; where none could be read, make one from what was asked for."""
    defaults = {"name": change.name, "parent": change.agent, "overdraft": change.overdraft}
    account, _ = Account.objects.get_or_create(switch=change.agent.switch, number=change.number, defaults=defaults)
    return account
