"""Balances as the switch stated them, kept so that reconciliation has checkpoints where no payment states one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import connection

from billing.balances.models import BalanceReading

KEPT_FOR = timedelta(days=90)
EVERY = timedelta(minutes=15)
# An account whose balance stands still says nothing new; once a day is enough to see that it stood still.
UNCHANGED_EVERY = timedelta(days=1)

KEEP = """
    INSERT INTO balances_balancereading (account_id, at, balance)
    SELECT account.id, account.balance_at, account.balance
    FROM accounts_account account
    LEFT JOIN LATERAL (
        SELECT at, balance FROM balances_balancereading reading
        WHERE reading.account_id = account.id ORDER BY at DESC LIMIT 1
    ) last ON true
    WHERE account.id = ANY(%(accounts)s) AND account.balance_at = %(at)s AND account.balance IS NOT NULL
        AND (last.at IS NULL
            OR last.at <= %(recent)s AND (last.balance <> account.balance OR last.at <= %(long_ago)s))
    ON CONFLICT DO NOTHING
"""


def keep(*, accounts: Sequence[int], at: datetime) -> None:
    """Keep the balances of these accounts that were read at `at` and say something new."""
    if not accounts:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            KEEP,
            {"accounts": list(accounts), "at": at, "recent": at - EVERY, "long_ago": at - UNCHANGED_EVERY},
        )


def prune(*, now: datetime) -> int:
    """Delete readings that are older than any reconciliation looks back, and return how many."""
    deleted, _ = BalanceReading.objects.filter(at__lt=now - KEPT_FOR).delete()
    return deleted
