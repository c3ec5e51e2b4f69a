"""An account's calls as its pages show them, read by key. The switch is never asked here."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from accounts.models import Account
from billing.call_history.queries.filters import CallFilter, Order
from billing.call_history.queries.ordering import Ordering, Position, place_from, place_of
from billing.call_history.queries.search_window import last_before, search_window
from billing.calls.models import Call, CallDay
from billing.lib.days import begin_of, day_of, end_of

# The longest stretch of days whose states are listed at once.
MOST_DAYS = 400
LISTED = ("started_at", "flow_no", "caller", "callee", "talk_seconds", "fee", "fee_prefix")
# How many calls are looked at for a page of those that match: at first, and when its reader has it look further.
LOOKED_AT, LOOKED_AT_FURTHER = 5_000, 100_000
SOME_MONTHS = timedelta(days=92)
# How much longer it takes to look at calls that lie here and there, as those of one length or cost do.
TIMES_DEARER = 5


@dataclass(frozen=True)
class Page:
    """`older` and `newer` are the cursors for `after` and `before`; None where the list ends.

    `looked_to` is set where the page is not full because `looked_at` calls were enough for it: the place of the last.
    `came_from` is the place that the page was asked for by, and the page leads `back` from there, or on.
    """

    calls: list[Call]
    older: str | None
    newer: str | None
    looked_at: int
    looked_to: Position | None
    came_from: Position | None
    back: bool


def page(
    *,
    account: Account,
    chosen: CallFilter,
    after: str | None = None,
    before: str | None = None,
    size: int = 50,
    look_at: int = LOOKED_AT,
) -> Page:
    """The calls that follow `after` (older, where time alone orders them) or precede `before` (newer)."""
    place, back = _place(chosen.order, after, before)
    window = search_window(account=account, chosen=chosen, look_at=look_at)
    ordering = Ordering(chosen.order, back=back, by_index=not window.is_small)
    calls = ordering.after(window.calls, place) if place else window.calls
    if chosen.order != Order.NEWEST:
        look_at = max(1, look_at // TIMES_DEARER)
    elif not window.wanted and not back and _spans_many_months(chosen):
        calls = last_before(calls, account=account, until=_end(chosen, place), size=size + 1)
    edge = ordering.nth(calls, look_at) if window.wanted and not window.is_small else None
    if edge:
        calls = ordering.until(calls, edge)
    found_calls = list(ordering.ordered(calls.filter(window.wanted)).only(*LISTED)[: size + 1])
    shown, is_full = found_calls[:size], len(found_calls) > size
    if back and not shown and not edge:
        # The calls that came first are gone, or come after that place by now.
        return page(account=account, chosen=chosen, size=size)
    ahead = place_of(shown[-1], chosen.order) if is_full else edge
    # Where nothing follows, the way back begins with the call in that place.
    behind = (place_of(shown[0], chosen.order) if shown else edge or place.next) if place else None
    older, newer = (behind, ahead) if back else (ahead, behind)
    return Page(
        shown[::-1] if back else shown,
        older=older.cursor() if older else None,
        newer=newer.cursor() if newer else None,
        looked_at=look_at,
        looked_to=None if is_full else edge,
        came_from=place,
        back=back,
    )


def _place(order: Order, after: str | None, before: str | None) -> tuple[Position | None, bool]:
    """Where the page follows, and whether it leads back from there."""
    if place := place_from(after, order):
        return place, False
    place = place_from(before, order)
    return place, place is not None


def _spans_many_months(chosen: CallFilter) -> bool:
    return chosen.first is None or (chosen.last or date.max) - chosen.first > SOME_MONTHS


def _end(chosen: CallFilter, place: Position | None) -> datetime:
    end = end_of(chosen.last or date.max, chosen.zone)
    return min(place.at, end) if place else end


def days(*, account: Account, chosen: CallFilter) -> dict[date, CallDay]:
    """The switch's days that the filter touches, as far as known; a day that is not among them was never asked for."""
    rows = CallDay.objects.filter(account=account)
    if chosen.first:
        rows = rows.filter(day__gte=_switch_day(account, begin_of(chosen.first, chosen.zone)))
    if chosen.last and chosen.last < date.max:
        last = end_of(chosen.last, chosen.zone) - timedelta(microseconds=1)
        rows = rows.filter(day__lte=_switch_day(account, last))
    return {row.day: row for row in rows.order_by("-day")[:MOST_DAYS]}


def days_on(*, account: Account, days: Collection[date]) -> dict[date, CallDay]:
    """Days of the switch's calendar by their dates, as far as known."""
    return {row.day: row for row in CallDay.objects.filter(account=account, day__in=days)} if days else {}


def _switch_day(account: Account, at: datetime) -> date:
    return day_of(at, account.switch.zone) if at > datetime(1, 1, 3, tzinfo=UTC) else date.min


def recent(*, account: Account, size: int = 5) -> list[Call]:
    return list(Call.objects.filter(account=account).order_by("-started_at", "-flow_no")[:size])
