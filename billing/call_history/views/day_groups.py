"""The days of a list of calls, each with how sure it is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby

from accounts.models import Account
from billing.call_history.queries.call_page import CallPage, PageRequest
from billing.call_history.queries.day_states import Calendar, ReaderDay, Stretch
from billing.call_history.queries.pages import MOST_DAYS
from billing.calls.models import Call, DayState
from billing.calls.services.fetching import being_fetched
from billing.lib.days import day_of, each_day


@dataclass(frozen=True)
class Day:
    """Calls of one day of the reader's calendar. `continues`: its heading stands above already."""

    day: date
    calls: list[Call]
    state: ReaderDay
    continues: bool


def calendar_of(found: CallPage, asked: PageRequest, *, account: Account, now: datetime) -> Calendar:
    """What is known of the days that the page names. Asks Redis, once, which of them are being fetched."""
    named = found.lie_on | set(_days_in_all(found))
    unsure = [day for day in sorted(named) if day not in found.days or found.days[day].state != DayState.PROVEN]
    return Calendar(
        reader=asked.chosen.zone,
        switch=account.switch.zone,
        known=found.days,
        fetching=being_fetched(account=account, days=unsure),
        now=now,
    )


def by_day(calls: Iterable[Call], calendar: Calendar, *, shown: date | None) -> list[Day]:
    """Calls in the order of time. `shown` is the day whose heading stands above them already."""
    return [
        Day(day, list(of_day), calendar.state_of(day), continues=day == shown)
        for day, of_day in groupby(calls, key=lambda call: day_of(call.started_at, calendar.reader))
    ]


def all_days(found: CallPage, calendar: Calendar) -> Stretch | None:
    """The switch's days that the page is about, as far back as their states are listed at once."""
    days = list(_days_in_all(found))
    return calendar.stretch(days[0], days[-1]) if days else None


def _days_in_all(found: CallPage) -> Iterable[date]:
    progress = found.list_context.coverage.progress if found.list_context else None
    if progress is None:
        return ()
    return each_day(max(progress.first, progress.last - timedelta(days=MOST_DAYS - 1)), progress.last)
