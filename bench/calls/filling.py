"""The invented calls in the real tables: partitions by month, and totals and days that agree with them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any

from django.db import connection, transaction
from django.db.models import Sum

from accounts.models import Account, Switch
from bench.calls.generator import COLUMNS, Generator, callers
from bench.calls.plan import Plan
from billing.calls.models import CallDay, CallTotal, DayState
from billing.calls.services import partitions
from billing.calls.services import totals as call_totals
from billing.lib.days import DAY, MONTH, each_day

DAYS_AT_ONCE = 2000
AGENT = "R-100"
SUMMED = ("calls", "answered", "talk_seconds", "billed_seconds", "fee")
# Without those of constraints. They are told as those of the table alone, and wanted for its partitions too.
INDEXES = """
    SELECT indexname, replace(indexdef, ' ON ONLY ', ' ON ') FROM pg_indexes
    WHERE tablename = 'calls_call'
        AND indexname NOT IN (SELECT conname FROM pg_constraint WHERE conrelid = 'calls_call'::regclass)
"""
CONSTRAINTS = """
    SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE conrelid = 'calls_call'::regclass AND contype IN ('p', 'u')
"""


def found_accounts(plan: Plan, switch: Switch) -> list[Account]:
    """The largest comes first."""
    Account.objects.bulk_create(
        Account(switch=switch, number=f"C-{number}", name=f"Customer {number}", profile_at=plan.now)
        for number in range(plan.accounts)
    )
    return list(Account.objects.filter(switch=switch).select_related("switch").order_by("pk"))


def copy_calls(plan: Plan, switch: Switch, accounts: Sequence[Account]) -> Iterator[int]:
    """Yields after each month how many there are."""
    agents = [AGENT if number % 3 == 2 else "" for number in range(len(accounts))]
    people = [(account.pk, agent) for account, agent in zip(accounts, agents, strict=True)]
    generator = Generator(plan, callers(plan, switch.pk, people))
    for month, pieces in generator.months():
        # A call may end in the next month, though none begins there.
        partitions.ensure([month])
        with connection.cursor() as cursor, cursor.copy(f"COPY calls_call ({COLUMNS}) FROM STDIN") as copy:
            for piece in pieces:
                copy.write(piece)
        yield generator.made
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE calls_call ALTER id RESTART WITH {generator.made + 1}")


@contextmanager
def indexes_made_after(*, only: Sequence[str] = ()) -> Iterator[None]:
    """All of the table's, or only these, are made when the calls are there: that is many times as quick.

    In one transaction: whatever ends it early leaves the table as it was, and what it made new needs no log.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(INDEXES)
        indexes = dict(cursor.fetchall())
        cursor.execute(CONSTRAINTS)
        constraints = dict(cursor.fetchall())
        for name in indexes:
            cursor.execute(f"DROP INDEX {name}")
        for name in constraints:
            cursor.execute(f"ALTER TABLE calls_call DROP CONSTRAINT {name}")
        yield
        for name, definition in constraints.items():
            if not only or name in only:
                cursor.execute(f"ALTER TABLE calls_call ADD CONSTRAINT {name} {definition}")
        for name, definition in indexes.items():
            if not only or name in only:
                cursor.execute(definition)


def add_up(plan: Plan, accounts: Sequence[Account]) -> None:
    """The totals, by the service that always writes them, and the days from them: fetched and proven."""
    ids = [account.pk for account in accounts]
    month = plan.first
    while month <= plan.last:
        days = list(each_day(month, min(plan.last, _last_of(month))))
        pairs = [(account, day) for account in ids for day in days]
        call_totals.add_up(accounts=[account for account, _ in pairs], days=[day for _, day in pairs])
        sums = _sums(ids, days)
        CallDay.objects.bulk_create((_day(plan, pair, sums.get(pair, {})) for pair in pairs), batch_size=DAYS_AT_ONCE)
        month = month + MONTH
    # There is no call of today yet, as far as is known: a person who looks then lets nothing be fetched.
    today = plan.now.date()
    CallDay.objects.bulk_create(
        CallDay(account_id=account, day=today, state=DayState.FETCHED, fetched_at=plan.now) for account in ids
    )


def analyze() -> None:
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE) calls_call, calls_calltotal, calls_callday")


def _last_of(month: date) -> date:
    return month + MONTH - DAY


def _sums(accounts: Sequence[int], days: Sequence[date]) -> dict[tuple[int, date], dict[str, Any]]:
    rows = CallTotal.objects.filter(account__in=accounts, day__range=(days[0], days[-1])).values("account", "day")
    summed = rows.annotate(*(Sum(name) for name in SUMMED)).order_by()
    columns = ("account", "day", *(f"{name}__sum" for name in SUMMED))
    return {
        (account, day): dict(zip(SUMMED, sums, strict=True)) for account, day, *sums in summed.values_list(*columns)
    }


def _day(plan: Plan, pair: tuple[int, date], sums: Mapping[str, Any]) -> CallDay:
    account, day = pair
    return CallDay(
        account_id=account,
        day=day,
        state=DayState.PROVEN,
        fetched_at=plan.now,
        checked_at=plan.now,
        reported_calls=sums.get("calls", 0),
        reported_fee=sums.get("fee", 0),
        **sums,
    )
