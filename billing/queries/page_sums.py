"""What the calls of a filter come to, in the time that a page has."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import OperationalError, connection, transaction
from psycopg.errors import QueryCanceled

from accounts.models import Account
from billing.queries.call_costs import costs_by_day
from billing.queries.call_filter import CallFilter, Order
from billing.queries.call_order import Walk
from billing.queries.call_reach import reach
from billing.queries.call_sums import Totals, of_rows, totals

# How many calls a page adds up by itself, and how long it may take to add up all of them when asked to.
ADDED_UP = 10_000
LONGEST_TO_ADD = timedelta(seconds=5)
MILLISECOND = timedelta(milliseconds=1)


class TooMany(Exception):
    """They cannot be gone through in the time that a page has."""


@dataclass(frozen=True)
class Sums:
    """`since`: they are of the newest calls of the days, back to there; None when they are of all."""

    totals: Totals
    since: datetime | None = None


def sums(*, account: Account, filter: CallFilter, at_most: int) -> Sums:
    """Where the filter narrows more than `at_most` calls, of the newest so many of them alone."""
    if not filter.narrows:
        return Sums(totals(account=account, filter=filter))
    found = reach(account=account, filter=replace(filter, order=Order.NEWEST), look_at=at_most)
    beyond = None if found.is_small else Walk(Order.NEWEST).nth(found.calls, at_most + 1)
    if beyond is None:
        return Sums(of_rows(found.calls.filter(found.wanted)))
    newest = Walk(Order.NEWEST, back=True).after(found.calls, beyond)
    return Sums(of_rows(newest.filter(found.wanted)), since=beyond.at)


def all_sums(*, account: Account, filter: CallFilter, within: timedelta = LONGEST_TO_ADD) -> Sums:
    """However many calls there are. Raises TooMany when that takes longer than it may."""
    with in_time(within):
        return Sums(totals(account=account, filter=filter))


def costs(*, account: Account, filter: CallFilter, first: date, last: date) -> list[tuple[date, Decimal]]:
    """As `costs_by_day` has them. Raises TooMany."""
    with in_time(LONGEST_TO_ADD):
        return costs_by_day(account=account, filter=filter, first=first, last=last)


@contextmanager
def in_time(within: timedelta) -> Iterator[None]:
    """Raises TooMany when a question to the database takes longer."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", [f"{within // MILLISECOND}ms"])
            yield
            cursor.execute("SET LOCAL statement_timeout TO DEFAULT")
    except OperationalError as error:
        if isinstance(error.__cause__, QueryCanceled):
            raise TooMany from error
        raise
