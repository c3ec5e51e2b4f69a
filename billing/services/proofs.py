"""Proving days of call records against the switch's own daily report (manual §3.48)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from django.db import connection

from accounts.models import Account, Switch
from billing.models import CallDay, DayState
from billing.queries.days import DAY, day_of
from billing.queries.retention import first_whole_day
from billing.services.call_store import INT_MAX
from billing.services.calls import fetch_days
from billing.services.rounding import is_money, stored
from billing.services.switches import client

ACCOUNTS_PER_REQUEST = 50

# A day without a row in the report has no calls. What was never fetched cannot be compared.
COMPARE = """
    UPDATE billing_callday held
    SET reported_calls = coalesce(stated.calls, 0), reported_fee = coalesce(stated.fee, 0), checked_at = %(now)s,
        state = CASE
            WHEN held.calls + held.elsewhere_calls = coalesce(stated.calls, 0) AND held.unreadable = 0
                AND abs(held.fee + held.elsewhere_fee - coalesce(stated.fee, 0)) <= held.rounded * 0.000001
            THEN 'proven' ELSE 'differs' END
    FROM billing_callday looked_at
    LEFT JOIN unnest(%(accounts)s::bigint[], %(days)s::date[], %(calls)s::int[], %(fees)s::numeric[])
        AS stated (account_id, day, calls, fee)
        ON stated.account_id = looked_at.account_id AND stated.day = looked_at.day
    WHERE looked_at.id = ANY(%(days_looked_at)s) AND held.id = looked_at.id AND held.fetched_at IS NOT NULL
    RETURNING held.id, held.state
"""


@dataclass
class Proven:
    """Account-days that agree with the report, and those that differ though they were fetched again."""

    proven: int = 0
    differing: list[CallDay] = field(default_factory=list)

    def add(self, other: Proven) -> None:
        self.proven += other.proven
        self.differing += other.differing


def prove_days(*, switch: Switch, accounts: Iterable[Account], first: date, last: date, now: datetime) -> Proven:
    """Compare fetched days that are over; what differs is fetched again and compared once more.

    Raises SwitchError; what was compared until then stands.
    """
    first, last = max(first, first_whole_day(now)), min(last, day_of(now, switch.zone) - DAY)
    proven = Proven()
    members = list(accounts)
    for begin in range(0, len(members), ACCOUNTS_PER_REQUEST):
        group = members[begin : begin + ACCOUNTS_PER_REQUEST]
        differing = _compare(switch, _fetched(group, first, last), now, proven)
        if differing:
            _fetch_again(differing, now)
            proven.differing += _compare(switch, differing, now, proven)
    return proven


def _fetched(accounts: Sequence[Account], first: date, last: date) -> list[CallDay]:
    days = CallDay.objects.filter(account__in=accounts, day__range=(first, last), fetched_at__isnull=False)
    return list(days.select_related("account__switch"))


def _fetch_again(days: Iterable[CallDay], now: datetime) -> None:
    by_day: dict[date, list[Account]] = defaultdict(list)
    for row in days:
        by_day[row.day].append(row.account)
    for day, accounts in by_day.items():
        fetch_days(accounts=accounts, first=day, last=day, now=now)


def _compare(switch: Switch, days: Sequence[CallDay], now: datetime, proven: Proven) -> list[CallDay]:
    """The days that differ. Equal ones are counted into `proven`."""
    if not days:
        return []
    stated = _stated(switch, days)
    impossible = {key for key, (calls, fee) in stated.items() if abs(calls) > INT_MAX or not is_money(fee)}
    stated = {key: sums for key, sums in stated.items() if key not in impossible}
    days = [row for row in days if (row.account_id, row.day) not in impossible]
    with connection.cursor() as cursor:
        cursor.execute(
            COMPARE,
            {
                "now": now,
                "accounts": [account for account, _ in stated],
                "days": [day for _, day in stated],
                "calls": [calls for calls, _ in stated.values()],
                "fees": [stored(fee) for _, fee in stated.values()],
                "days_looked_at": [row.pk for row in days],
            },
        )
        states = dict(cursor.fetchall())
    proven.proven += sum(state == DayState.PROVEN for state in states.values())
    return [row for row in days if states.get(row.pk) == DayState.DIFFERS]


def _stated(switch: Switch, days: Sequence[CallDay]) -> dict[tuple[int, date], tuple[int, Decimal]]:
    """Calls and fee by account and day of the switch's calendar, in one request."""
    ids = {row.account.number: row.account_id for row in days}
    first, last = min(row.day for row in days), max(row.day for row in days)
    with client(switch) as asking:
        rows = asking.get_report_customer_fee(accounts=list(ids), first=first, last=last)
        if not rows and len(ids) > 1 and any(day.calls for day in days):
            # "Not found" may be said for the sake of one of them.
            for number in ids:
                rows += asking.get_report_customer_fee(accounts=[number], first=first, last=last)
    stated: dict[tuple[int, date], tuple[int, Decimal]] = {}
    for row in rows:
        if row.account in ids:
            key = (ids[row.account], row.first_day(switch.zone))
            calls, fee = stated.get(key, (0, Decimal(0)))
            stated[key] = (calls + row.cdr_count, fee + row.total_fee)
    return stated
