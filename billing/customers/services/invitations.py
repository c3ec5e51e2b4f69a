"""Invites the person for whom an account was opened.

The invitation is due from the moment the account exists, and is tried until its mail is handed in.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db.models import Q

from accounts.models import Invitation, Role
from accounts.services import invitations
from accounts.services.invitations import AlreadyMember
from billing.customers.models import ChangeKind, ChangeState, CustomerChange

logger = logging.getLogger(__name__)

AGAIN_AFTER = timedelta(minutes=10)
TRIED_FOR = timedelta(days=2)
MOST_AT_ONCE = 20


def send_due(*, now: datetime) -> int:
    """Send the invitations that are due, each claimed by a conditional update. Returns how many were handed in."""
    unsent = CustomerChange.objects.filter(
        ~Q(email=""), kind=ChangeKind.OPEN, state=ChangeState.DONE, account__isnull=False, mailed_at__isnull=True
    )
    due = unsent.filter(next_step_at__lte=now, settled_at__gt=now - TRIED_FOR).select_related("account", "requested_by")
    return sum(_send(change, now) for change in due.order_by("next_step_at")[:MOST_AT_ONCE])


def _send(change: CustomerChange, now: datetime) -> bool:
    """Invite and mail once. A link is known only at the moment it is made, so each try makes another one."""
    mine = CustomerChange.objects.filter(pk=change.pk, next_step_at=change.next_step_at, mailed_at__isnull=True)
    if change.account is None or not mine.update(next_step_at=now + AGAIN_AFTER):
        return False
    row = CustomerChange.objects.filter(pk=change.pk)
    try:
        issued = invitations.invite(
            account=change.account,
            email=change.email,
            role=Role.OWNER,
            source=Invitation.Source.AGENT,
            by=change.requested_by,
            now=now,
        )
    except AlreadyMember:
        row.update(mailed_at=now)
        return False
    row.update(invitation=issued.invitation)
    if not invitations.send(issued):
        logger.warning("The invitation of %s could not be mailed; it is tried again", change)
        return False
    row.update(mailed_at=now)
    return True
