"""Mirroring an account's payments and charges, and matching its payments to the portal's own top-ups."""

from __future__ import annotations

from datetime import datetime

from accounts.models import Account
from billing.balances.services import payments as balance_payments
from billing.balances.services.payments import NewRows
from billing.topups.services.payment_matching import match_payments


def mirror(*, account: Account, now: datetime, since: datetime | None = None, only_due: bool = False) -> NewRows:
    """Read the rows that are new on the switch, then match payments to top-ups. Raises SwitchError.

    Payments that were kept before the switch failed are matched as well.
    """
    try:
        return balance_payments.mirror(account=account, now=now, since=since, only_due=only_due)
    finally:
        match_payments(account=account)
