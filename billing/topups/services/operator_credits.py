"""Top-ups by the operator: staff credit an account, with a reason."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.core.exceptions import PermissionDenied

from accounts.models import Account, User
from billing.lib.reasons import Because
from billing.topups.models import RequestReason, Source, TopUp
from billing.topups.services import requests
from billing.topups.services.errors import NoteUnfit, TopUpRefused

PERMISSION = "topups.credit_account"


class OwnAccount(TopUpRefused):
    """Staff credit no account of which they are a member."""

    field = "account"


def request(
    *,
    account: Account,
    amount: Decimal,
    by: User,
    key: str,
    why: str,
    now: datetime,
    besides_unsettled: bool = False,
) -> TopUp:
    """Write down the credit and ask a worker to send it. Raises PermissionDenied or TopUpRefused.

    `why` is kept as the note, which the customer does not see. `besides_unsettled` is that of `requests.request`.
    """
    requested = _requested(account, amount, by, key, why, now)
    known = requests.find(requested)
    if known is not None:
        return known
    _check(requested)
    return requests.request(
        account=account,
        amount=amount,
        by=by,
        key=key,
        source=Source.OPERATOR,
        note=requested.note,
        now=now,
        besides_unsettled=besides_unsettled,
    )


def check(*, account: Account, amount: Decimal, by: User, key: str, why: str, now: datetime) -> None:
    """Raise what `request` would raise now, and write nothing."""
    requested = _requested(account, amount, by, key, why, now)
    if requests.find(requested) is None:
        _check(requested)


def _requested(account: Account, amount: Decimal, by: User, key: str, why: str, now: datetime) -> TopUp:
    if not by.has_perm(PERMISSION):
        raise PermissionDenied
    return TopUp(
        source=Source.OPERATOR,
        account=account,
        amount=amount,
        note=why.strip(),
        requested_by=by,
        key=key,
        requested_at=now,
    )


def _check(requested: TopUp) -> None:
    if not requested.note:
        raise NoteUnfit(Because(RequestReason.NOTE_MISSING))
    if requested.account.memberships.filter(user=requested.requested_by).exists():
        raise OwnAccount(Because(RequestReason.OWN_ACCOUNT))
    requests.check(requested)
