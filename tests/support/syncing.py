from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from accounts.models import Account
from billing.services import balances, payments, profiles
from billing.services.calls import fetch_days


def synced(account: Account, today: date) -> list[Account]:
    """Every account of the account's switch, with the balances, calls and payments of the last ten days."""
    switch = account.switch
    balances.refresh_all(switch=switch, now=datetime.now(UTC))
    numbers = list(Account.objects.filter(switch=switch).values_list("number", flat=True))
    profiles.refresh(switch=switch, numbers=numbers, now=datetime.now(UTC))
    accounts = list(Account.objects.filter(switch=switch).select_related("switch"))
    fetch_days(accounts=accounts, first=today - timedelta(days=10), last=today, now=datetime.now(UTC))
    for row in accounts:
        payments.mirror(account=row, now=datetime.now(UTC))
    return accounts
