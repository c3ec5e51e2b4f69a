"""What the calls of a filter come to, in the time that a page has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property

from django.db import OperationalError, connection, transaction
from psycopg.errors import QueryCanceled

from accounts.models import Account
from billing.call_history.queries.figures import NOTHING, Totals
from billing.call_history.queries.filters import CallFilter, Order
from billing.call_history.queries.ordering import Ordering
from billing.call_history.queries.search_window import search_window
from billing.call_history.queries.totals import by_stretch, ends_of, of_rows

# How many calls a page adds up by itself, and how long it may take to add up all of them when asked to.
ADDED_UP = 10_000
LONGEST_TO_ADD = timedelta(seconds=5)
MILLISECOND = timedelta(milliseconds=1)


class TooMany(Exception):
    """There are more calls than can be gone through in the time that a page has."""


@dataclass(frozen=True)
class Sums:
    """`stretches` are in the order of their edges. `since`: of the newest calls alone, back to there; None: of all."""

    stretches: Sequence[Totals]
    since: datetime | None = None

    @cached_property
    def totals(self) -> Totals:
        return sum(self.stretches, NOTHING)


def sums(*, account: Account, chosen: CallFilter, at_most: int, edges: Sequence[datetime] | None = None) -> Sums:
    """Add up the calls of a filter. Where it narrows more than `at_most` calls, only the newest so many are looked at.

    `edges` are what its days are taken apart by, with both their ends.
    """
    edges = edges or ends_of(chosen)
    if not chosen.narrows:
        return Sums(by_stretch(account=account, chosen=chosen, edges=edges))
    found = search_window(account=account, chosen=replace(chosen, order=Order.NEWEST), look_at=at_most)
    beyond = None if found.is_small else Ordering(Order.NEWEST).nth(found.calls, at_most + 1)
    if beyond is None:
        return Sums(of_rows(found.calls.filter(found.wanted), edges))
    newest = Ordering(Order.NEWEST, back=True).after(found.calls, beyond)
    return Sums(of_rows(newest.filter(found.wanted), ends_of(chosen)), since=beyond.at)


def all_sums(
    *,
    account: Account,
    chosen: CallFilter,
    edges: Sequence[datetime] | None = None,
    within: timedelta = LONGEST_TO_ADD,
) -> Sums:
    """Add up the calls of a filter, however many there are. Raises TooMany when that takes longer than it may."""
    with in_time(within):
        return Sums(by_stretch(account=account, chosen=chosen, edges=edges or ends_of(chosen)))


@contextmanager
def in_time(within: timedelta) -> Iterator[None]:
    """Raises TooMany where a question to the database takes longer than `within`."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", [f"{within // MILLISECOND}ms"])
            yield
            cursor.execute("SET LOCAL statement_timeout TO DEFAULT")
    except OperationalError as error:
        if isinstance(error.__cause__, QueryCanceled):
            raise TooMany from error
        raise
