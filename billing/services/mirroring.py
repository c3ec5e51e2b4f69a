"""Mirroring an account's payments and charges, and matching its payments to the portal's own top-ups."""

from __future__ import annotations

from datetime import datetime

from accounts.models import Account
from billing.services import payments
from billing.services.payments import Mirrored
from billing.services.ties import tie


def mirror(*, account: Account, now: datetime, since: datetime | None = None) -> Mirrored:
    """Read the rows that are new on the switch, then match payments to top-ups. Raises SwitchError.

    What was kept before the switch failed is matched as well: payments are read before charges.
    """
    try:
        return payments.mirror(account=account, now=now, since=since)
    finally:
        tie(account=account)
