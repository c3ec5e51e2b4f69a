"""A top-up by the operator: staff credit an account, with a reason."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.core.exceptions import PermissionDenied

from accounts.models import Account, User
from billing.topups.models import Source, TopUp
from billing.topups.services import requests
from billing.topups.services.errors import NoteUnfit, TopUpRefused

PERMISSION = "topups.credit_account"


class OwnAccount(TopUpRefused):
    field = "account"


def request(*, account: Account, amount: Decimal, by: User, key: str, why: str, now: datetime) -> TopUp:
    """Write down the credit and hand it over to a worker. Raises PermissionDenied or TopUpRefused.

    `why` is kept as the note, which the customer does not see.
    """
    wish = _wish(account, amount, by, key, why, now)
    known = requests.find(wish)
    if known is not None:
        return known
    _check(wish)
    return requests.request(
        account=account, amount=amount, by=by, key=key, source=Source.OPERATOR, note=wish.note, now=now
    )


def check(*, account: Account, amount: Decimal, by: User, key: str, why: str, now: datetime) -> None:
    """Raises what `request` would raise now, and writes nothing."""
    wish = _wish(account, amount, by, key, why, now)
    if requests.find(wish) is None:
        _check(wish)


def _wish(account: Account, amount: Decimal, by: User, key: str, why: str, now: datetime) -> TopUp:
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


def _check(wish: TopUp) -> None:
    if not wish.note:
        raise NoteUnfit("Give the reason.")
    if wish.account.memberships.filter(user=wish.requested_by).exists():
        raise OwnAccount("Nobody credits an account of their own.")
    requests.check(wish)
