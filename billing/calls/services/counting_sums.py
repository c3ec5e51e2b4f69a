"""What the calls of an account come to from one midnight to the next, in whatever calendar and by whichever rule."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.db import connection

from accounts.models import Switch
from billing.calls.models import CallDay, DayBy
from billing.calls.services.counting_rules import Counted, Sums
from billing.lib.days import DAY, begin_of, day_of, each_day, end_of

# A call of another day that counts on this one began or ended not longer before or after it. Longer ones are rare.
ACROSS = timedelta(hours=3)
MICROSECOND = timedelta(microseconds=1)
# Each window by itself, by the index: a call that counts began at most a day before it, or ended before it began.
SUMS = """
    SELECT counted.* FROM unnest(%(accounts)s::bigint[], %(begins)s::timestamptz[], %(ends)s::timestamptz[])
        WITH ORDINALITY AS wanted (account_id, begins, ends, place)
    CROSS JOIN LATERAL (
        SELECT wanted.place,
            count(*) FILTER (WHERE starts), coalesce(sum(fee) FILTER (WHERE starts), 0),
            count(*) FILTER (WHERE starts AND answered), coalesce(sum(fee) FILTER (WHERE starts AND answered), 0),
            count(*) FILTER (WHERE stops), coalesce(sum(fee) FILTER (WHERE stops), 0),
            count(*) FILTER (WHERE stops AND answered), coalesce(sum(fee) FILTER (WHERE stops AND answered), 0),
            count(*), coalesce(sum(fee), 0),
            count(*) FILTER (WHERE answered), coalesce(sum(fee) FILTER (WHERE answered), 0)
        FROM (
            SELECT fee, talk_seconds > 0 AS answered,
                started_at >= wanted.begins AND started_at < wanted.ends AS starts,
                ended_at >= wanted.begins AND ended_at < wanted.ends AS stops
            FROM calls_call call
            WHERE call.account_id = wanted.account_id
                AND call.started_at >= wanted.begins - interval '1 day'
                AND call.started_at < wanted.ends + interval '1 hour'
        ) near
        WHERE starts OR stops
    ) counted
"""
WAYS = [(by.value, unanswered) for by in (DayBy.START, DayBy.END, DayBy.BOTH) for unanswered in (True, False)]


@dataclass(frozen=True)
class Calendar:
    """Whose midnights begin the days of an account's reports: the switch's where there is no offset to UTC.

    `is_stated`: each row of the report states where its day begins, which also tells of summer time.
    """

    offset: timedelta | None = None
    is_stated: bool = False

    @property
    def key(self) -> Calendar:
        """The calendar as evidence is kept by it: what is stated may be another offset in summer."""
        return STATED if self.is_stated else self


SWITCHS = Calendar()
STATED = Calendar(is_stated=True)


@dataclass(frozen=True)
class Window:
    account: int
    begin: datetime
    end: datetime


@dataclass(frozen=True)
class KnownDays:
    """The days of some accounts, by account and day."""

    switch: Switch
    days: Mapping[tuple[int, date], CallDay] = field(repr=False)

    @classmethod
    def around(cls, switch: Switch, days: Iterable[CallDay]) -> KnownDays:
        """Read these days and the ones beside them."""
        listed = list(days)
        if not listed:
            return cls(switch, {})
        accounts = {row.account_id for row in listed}
        dates = [row.day for row in listed]
        near = CallDay.objects.filter(account__in=accounts, day__range=(min(dates) - 2 * DAY, max(dates) + 2 * DAY))
        return cls(switch, {(row.account_id, row.day): row for row in near})

    def window(self, row: CallDay, calendar: Calendar) -> Window:
        """Return when the day begins and ends in a calendar."""
        zone = self.switch.zone
        if calendar.offset is None:
            return Window(row.account_id, begin_of(row.day, zone), end_of(row.day, zone))
        begin = self._begin(row.account_id, row.day, calendar)
        end = self._begin(row.account_id, row.day + DAY, calendar)
        return Window(row.account_id, begin, end if DAY - ACROSS < end - begin < DAY + ACROSS else begin + DAY)

    def calendars(self, row: CallDay) -> list[Calendar]:
        """Return the calendars that a day is tried in: the switch's, and the one that the account's reports state."""
        near = min(self._stated.get(row.account_id, ()), key=lambda one: abs(one[0] - row.day), default=None)
        return [SWITCHS] if near is None else [SWITCHS, Calendar(near[1], is_stated=True)]

    @cached_property
    def _stated(self) -> Mapping[int, Sequence[tuple[date, timedelta]]]:
        found: dict[int, list[tuple[date, timedelta]]] = defaultdict(list)
        for (account, day), row in self.days.items():
            if (offset := stated_offset(self.switch, row)) is not None:
                found[account].append((day, offset))
        return found

    def _begin(self, account: int, day: date, calendar: Calendar) -> datetime:
        known = self.days.get((account, day))
        if calendar.is_stated and known is not None and stated_offset(self.switch, known) is not None:
            return known.report_begins_at or begin_of(day, self.switch.zone)
        return midnight(day) - (calendar.offset or timedelta(0))

    def is_complete(self, window: Window) -> bool:
        """Whether every call that may count within the window is here, as far as the switch has listed it."""
        zone = self.switch.zone
        first, last = day_of(window.begin - ACROSS, zone), day_of(window.end - MICROSECOND + ACROSS, zone)
        return all(self._is_whole(window, day) for day in each_day(first, last))

    def _is_whole(self, window: Window, day: date) -> bool:
        row = self.days.get((window.account, day))
        if row is None or row.fetched_at is None or row.unreadable or row.calls_dropped:
            return False
        return row.fetched_at >= min(end_of(day, self.switch.zone), window.end)


def midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)


def stated_offset(switch: Switch, row: CallDay) -> timedelta | None:
    """Return how far from UTC the calendar is in which the report says that this day begins; None for the switch's."""
    if row.report_begins_at is None or row.report_begins_at == begin_of(row.day, switch.zone):
        return None
    return midnight(row.day) - row.report_begins_at


def sums_of(windows: Sequence[Window]) -> list[Sums]:
    """Add up the calls of each window in every way, in one statement."""
    if not windows:
        return []
    columns: dict[str, Any] = {
        "accounts": [window.account for window in windows],
        "begins": [window.begin for window in windows],
        "ends": [window.end for window in windows],
    }
    with connection.cursor() as cursor:
        cursor.execute(SUMS, columns)
        found = {place: figures for place, *figures in cursor.fetchall()}
    return [_sums(found[place]) for place in range(1, len(windows) + 1)]


def _sums(figures: Sequence[int | Decimal]) -> Sums:
    pairs = zip(figures[::2], figures[1::2], strict=True)
    return {way: Counted(int(calls), Decimal(fee)) for way, (calls, fee) in zip(WAYS, pairs, strict=True)}
