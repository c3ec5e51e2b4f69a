"""The days of a list of calls, each with how sure it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from accounts.models import Account
from billing.call_history.queries import pages
from billing.call_history.queries.day_states import Calendar, ReaderDay, Stretch, touched
from billing.calls.models import Call, CallDay, DayState
from billing.calls.services.fetching import being_fetched
from billing.lib.days import day_of, each_day


@dataclass(frozen=True)
class Day:
    """Calls of one day as the reader's calendar has it. `continues` where its heading stands above already."""

    day: date
    calls: list[Call]
    state: ReaderDay
    continues: bool


@dataclass(frozen=True)
class CallDays:
    """`known` are days of the switch's calendar, the newest of those that the list may touch. Use it in a snapshot."""

    account: Account
    zone: ZoneInfo
    known: Mapping[date, CallDay]
    now: datetime

    def of(self, calls: Sequence[Call], *, shown: date | None) -> list[Day]:
        """`shown` is the day whose heading stands above the list already."""
        grouped = [(day, list(calls)) for day, calls in groupby(calls, key=self._day_of)]
        switch = self.account.switch.zone
        touching = {one for day, _ in grouped for one in touched(day, reader=self.zone, switch=switch, now=self.now)}
        further = pages.days_on(account=self.account, days=touching - self.known.keys())
        calendar = self._calendar(touching, {**self.known, **further})
        return [Day(day, calls, calendar.state_of(day), continues=day == shown) for day, calls in grouped]

    def in_all(self, first: date, last: date) -> Stretch:
        """The switch's days from first to last, as far as their states are listed at once."""
        first = max(first, last - timedelta(days=pages.MOST_DAYS - 1))
        return self._calendar(each_day(first, last), self.known).stretch(first, last)

    def _day_of(self, call: Call) -> date:
        return day_of(call.started_at, self.zone)

    def _calendar(self, days: Iterable[date], known: Mapping[date, CallDay]) -> Calendar:
        unsure = [day for day in days if day not in known or known[day].state != DayState.PROVEN]
        fetching = being_fetched(account=self.account, days=unsure)
        switch = self.account.switch.zone
        return Calendar(reader=self.zone, switch=switch, known=known, fetching=fetching, now=self.now)
