from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from accounts.models import Account
from billing.queries.costs import daily_cost

# Whole weeks, so that weekends weigh what they should.
LAST_DAYS = 14


def days_left(account: Account, now: datetime) -> int | None:
    """How many days what can be spent lasts at the pace of the last two weeks; None when nothing tells."""
    spendable = account.spendable
    if spendable is None:
        return None
    if spendable <= 0:
        return 0
    # Today is not over: it would make every day look cheaper.
    spent = sum((cost for _, cost in daily_cost(account=account, last_days=LAST_DAYS + 1, now=now)[:-1]), Decimal(0))
    return int(spendable * LAST_DAYS / spent) if spent > 0 else None
