"""All that a page of calls shows, of one state of the database: its rows, totals, chart and days agree.

Nothing here asks Redis, and nothing that is missing is asked for: both come after the reading.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from accounts.models import Account
from billing.call_history.queries import page_totals, pages
from billing.call_history.queries.day_states import touched
from billing.call_history.queries.fetched_days import Coverage, coverage
from billing.call_history.queries.filters import CallFilter, Order
from billing.call_history.queries.page_totals import Sums, TooMany
from billing.calls.models import Call, CallDay
from billing.lib.days import day_of
from billing.lib.snapshots import snapshot
from billing.rates.queries import Names, destination_names


@dataclass(frozen=True, kw_only=True)
class PageRequest:
    """What the address of a page asks for: `after` and `before` are cursors, as `pages.page` gives them.

    `edges` are the instants that take the filter's days apart for a chart, with both their ends. `rows_only`: a list
    goes on where it stands, and what stands around it is there already.
    """

    chosen: CallFilter
    edges: Sequence[datetime]
    after: str | None
    before: str | None
    looks_further: bool
    adds_up_all: bool
    rows_only: bool


@dataclass(frozen=True, kw_only=True)
class ListContext:
    """What stands above and below the rows. `is_too_much_to_add_up`: all were to be added up, and are too many."""

    sums: Sums
    is_too_much_to_add_up: bool
    coverage: Coverage


@dataclass(frozen=True, kw_only=True)
class CallPage:
    """`days` are days of the switch's calendar, as far as known: those of the filter, and all that rows `lie_on`.

    Rows that are not in the order of time stand under no day, and lie on none here.
    """

    rows: pages.Page
    lie_on: frozenset[date]
    days: Mapping[date, CallDay]
    destinations: Names
    list_context: ListContext | None


def read(*, account: Account, asked: PageRequest, now: datetime) -> CallPage:
    chosen = asked.chosen
    with snapshot():
        rows = _rows(account, asked)
        known = pages.days(account=account, chosen=chosen)
        lie_on = _days_of(rows.calls, chosen.zone, account.switch.zone, now) if chosen.order == Order.NEWEST else set()
        further = pages.days_on(account=account, days=lie_on - known.keys())
        return CallPage(
            rows=rows,
            lie_on=frozenset(lie_on),
            days={**known, **further},
            destinations=destination_names((call.fee_prefix for call in rows.calls), account=account, now=now),
            list_context=None if asked.rows_only else _list_context(account, asked, now),
        )


def _rows(account: Account, asked: PageRequest) -> pages.Page:
    return pages.page(
        account=account,
        chosen=asked.chosen,
        after=asked.after,
        before=asked.before,
        look_at=pages.LOOKED_AT_FURTHER if asked.looks_further else pages.LOOKED_AT,
    )


def _days_of(calls: Iterable[Call], reader: ZoneInfo, switch: ZoneInfo, now: datetime) -> set[date]:
    """The days of the switch's calendar that the reader's days of these calls touch."""
    days = {day_of(call.started_at, reader) for call in calls}
    return {one for day in days for one in touched(day, reader=reader, switch=switch, now=now)}


def _list_context(account: Account, asked: PageRequest, now: datetime) -> ListContext:
    sums, is_too_much = _sums(account, asked)
    return ListContext(
        sums=sums,
        is_too_much_to_add_up=is_too_much,
        coverage=coverage(account=account, chosen=asked.chosen, now=now),
    )


def _sums(account: Account, asked: PageRequest) -> tuple[Sums, bool]:
    """All calls are added up where that was asked for, unless they are too many."""
    is_too_much = False
    if asked.adds_up_all:
        try:
            return page_totals.all_sums(account=account, chosen=asked.chosen, edges=asked.edges), False
        except TooMany:
            is_too_much = True
    most = page_totals.ADDED_UP
    return page_totals.sums(account=account, chosen=asked.chosen, edges=asked.edges, at_most=most), is_too_much
