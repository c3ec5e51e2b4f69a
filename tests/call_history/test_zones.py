"""Rows, totals, chart and file agree in every zone: while clocks change, calls come in, and are dropped."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.models import Account
from billing.call_history.queries import pages, rows
from billing.call_history.queries.figures import Totals
from billing.call_history.queries.filters import CallFilter
from billing.call_history.queries.page_totals import sums
from billing.call_history.queries.totals import by_stretch, totals
from billing.calls.models import Call
from billing.calls.services import partitions
from billing.calls.services import replacing as call_replacing
from billing.calls.services import staging as call_staging
from billing.lib.days import DAY, begin_of, end_of
from billing.lib.periods import Spans, Unit, spans
from billing.vos3000.operations.calls import Cdr
from tests.support.factories import AccountFactory, CallFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 12, 20, tzinfo=UTC)
OCTOBER = datetime(2026, 10, 1, tzinfo=UTC)
# Zones of half and quarter hours, those whose clocks change, one of them by half an hour, one at midnight; and when.
CHANGES = {
    "UTC": date(2026, 10, 25),
    "Asia/Kolkata": date(2026, 10, 31),
    "Asia/Kathmandu": date(2026, 10, 1),
    "Australia/Eucla": date(2026, 10, 4),
    "Pacific/Chatham": date(2026, 9, 27),
    "Australia/Lord_Howe": date(2026, 10, 4),
    "America/St_Johns": date(2026, 11, 1),
    "America/Santiago": date(2026, 9, 6),
    "Europe/London": date(2026, 10, 25),
    "America/New_York": date(2026, 11, 1),
}
BACK = {
    "Australia/Lord_Howe": date(2026, 4, 5),
    "Europe/London": date(2026, 3, 29),
    "America/Santiago": date(2026, 4, 5),
}


@pytest.fixture(autouse=True)
def _partitions(db: None) -> None:
    partitions.ensure(date(2026, month, 1) for month in (3, 4, 9, 10, 11))


def new_account() -> Account:
    account: Account = AccountFactory.create(switch__time_zone="Asia/Kolkata", number="A-1")
    return account


@pytest.fixture
def account() -> Account:
    return new_account()


def load(account: Account, day: date, minutes: list[int]) -> None:
    """A day of the switch's calendar as a sync finds it: calls so many minutes after it begins."""
    stage = call_staging.Stage(day, {account.number: account.pk})
    begins = begin_of(day, account.switch.zone)
    for minute in sorted(set(minutes)):
        start = int((begins + timedelta(minutes=minute)).timestamp() * 1000)
        stage.add(
            Cdr(
                flow_no=day.toordinal() * 10_000 + minute,
                account=account.number,
                start=start,
                stop=start + minute % 3 * 1000,
                hold_time=minute % 3,
                fee_time=minute % 3,
                fee=Decimal(minute + 1) / 1000,
            )
        )
    call_replacing.replace_day(switch=account.switch, stage=stage, now=NOW)


def added_up(calls: list[Call]) -> Totals:
    return Totals(
        calls=len(calls),
        answered=sum(call.answered for call in calls),
        talk_seconds=sum(call.talk_seconds for call in calls),
        billed_seconds=sum(call.billed_seconds for call in calls),
        fee=sum((call.fee for call in calls), Decimal(0)),
    )


def check_that_all_agree(account: Account, wanted: CallFilter) -> None:
    """By the clock of the reader's zone, asked of Python for every row."""
    assert wanted.first
    assert wanted.last
    bars = spans(wanted.first, wanted.last, wanted.zone)
    there = [call for call in Call.objects.filter(account=account) if _is_within(call, wanted)]
    if wanted.answered is not None:
        there = [call for call in there if call.answered == wanted.answered]
    listed = pages.page(account=account, chosen=wanted, size=1000).calls
    assert sorted(call.flow_no for call in listed) == sorted(call.flow_no for call in there)
    assert totals(account=account, chosen=wanted) == added_up(listed)
    for found in (
        sums(account=account, chosen=wanted, at_most=1000, edges=bars.edges).stretches,
        by_stretch(account=account, chosen=wanted, edges=bars.edges),
    ):
        by_day = {day: [call for call in listed if _day(call, wanted.zone) == day] for day in bars.firsts}
        assert list(found) == [added_up(by_day[day]) for day in bars.firsts]
    in_file = list(rows.each(account=account, chosen=wanted))
    assert [row[0] for row in in_file] == [
        call.started_at.astimezone(wanted.zone).replace(tzinfo=None, microsecond=0) for call in listed
    ]
    assert sum(row[-1] for row in in_file) == sum(call.fee for call in listed)


def _is_within(call: Call, wanted: CallFilter) -> bool:
    return (wanted.first or date.min) <= _day(call, wanted.zone) <= (wanted.last or date.max)


def _day(call: Call, zone: ZoneInfo) -> date:
    return call.started_at.astimezone(zone).date()


minutes = st.lists(st.integers(0, 24 * 60 - 1) | st.sampled_from([0, 29, 30, 44, 45, 1410, 1425, 1439]), max_size=12)
synced = st.lists(st.tuples(st.integers(-2, 2), minutes), min_size=1, max_size=4)


@given(
    st.sampled_from([*CHANGES.items(), *BACK.items()]),
    st.integers(-2, 1),
    st.integers(0, 3),
    st.none() | st.booleans(),
    synced,
    synced,
)
@settings(max_examples=40, deadline=None)
def test_rows_totals_chart_and_file_agree_while_clocks_change_and_days_are_synced(
    where: tuple[str, date],
    begins: int,
    days: int,
    answered: bool | None,
    before: list[tuple[int, list[int]]],
    later: list[tuple[int, list[int]]],
) -> None:
    account = new_account()
    zone, changed = where
    first = changed + begins * DAY
    wanted = CallFilter(ZoneInfo(zone), first, first + days * DAY, answered=answered)
    for fetched in (before, later):
        for after, found in fetched:
            load(account, changed + after * DAY, found)
        check_that_all_agree(account, wanted)


def drop_september() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE calls_call_y2026m09")


def test_what_dropped_calls_came_to_is_counted_once_in_every_zone(account: Account) -> None:
    for minute in range(0, 6 * 24 * 60, 15):
        CallFactory.create(account=account, started_at=datetime(2026, 9, 28, tzinfo=UTC) + timedelta(minutes=minute))
    drop_september()
    kept = [call.started_at for call in Call.objects.filter(account=account)]
    first, last = date(2026, 9, 27), date(2026, 10, 5)
    for zone in map(ZoneInfo, CHANGES):
        bars = spans(first, last, zone)
        wanted = CallFilter(zone, first, last)
        by_day = by_stretch(account=account, chosen=wanted, edges=bars.edges)
        assert sum(day.calls for day in by_day) == totals(account=account, chosen=wanted).calls == 576
        for day, found in zip(bars.firsts, by_day, strict=True):
            assert totals(account=account, chosen=CallFilter(zone, day, day)) == found
            begin, end = begin_of(day, zone), end_of(day, zone)
            if begin >= OCTOBER:
                assert found.calls == len([at for at in kept if begin <= at < end])


def test_an_hour_of_dropped_calls_counts_on_the_day_on_which_it_begins(account: Account) -> None:
    for at in ((17, 59), (18, 0), (18, 29), (18, 30), (18, 59), (19, 0)):
        CallFactory.create(account=account, started_at=datetime(2026, 9, 15, *at, tzinfo=UTC))
    drop_september()
    zone = ZoneInfo("Asia/Kolkata")
    bars = spans(date(2026, 9, 15), date(2026, 9, 16), zone)
    found = by_stretch(account=account, chosen=CallFilter(zone, date(2026, 9, 15), date(2026, 9, 16)), edges=bars.edges)
    assert [day.calls for day in found] == [5, 1]


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        (date(2026, 1, 1), date(2026, 4, 2), (Unit.DAY, 92, date(2026, 4, 2))),
        (date(2026, 1, 15), date(2026, 4, 17), (Unit.MONTH, 4, date(2026, 4, 1))),
        (date(2019, 5, 31), date(2026, 12, 31), (Unit.MONTH, 92, date(2026, 12, 1))),
        (date(2000, 1, 1), date(2100, 1, 1), (Unit.YEAR, 101, date(2100, 1, 1))),
        (date(2026, 1, 1), date(2026, 1, 1), (Unit.DAY, 1, date(2026, 1, 1))),
    ],
)
def test_a_chart_has_days_or_months_or_years(first: date, last: date, expected: tuple[Unit, int, date]) -> None:
    found: Spans = spans(first, last, ZoneInfo("Asia/Kolkata"))
    assert (found.unit, len(found.firsts), found.firsts[-1]) == expected
    assert found.firsts[0] == first
    assert (found.edges[0], found.edges[-1]) == (
        begin_of(first, ZoneInfo("Asia/Kolkata")),
        end_of(last, ZoneInfo("Asia/Kolkata")),
    )
    assert len(found.edges) == len(found.firsts) + 1
