from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.models import Account
from billing.balances.models import Charge, Payment
from billing.balances.queries.runway import days_left
from billing.balances.queries.spending import daily_cost, month_cost
from billing.call_history.queries import pages as call_pages
from billing.call_history.queries.filters import CallFilter
from billing.call_history.queries.numbers import Match, NumberFilter
from billing.call_history.queries.totals import totals
from billing.calls.models import Call, CallTotal
from billing.calls.services import partitions
from billing.lib.cursors import from_cursor
from billing.statements.queries import payments as statement_payments
from tests.support.factories import NOON, AccountFactory, CallDayFactory, CallFactory, ChargeFactory, PaymentFactory

UTC_ZONE = ZoneInfo("UTC")
ALL = CallFilter(zone=UTC_ZONE)
pytestmark = pytest.mark.django_db


@pytest.fixture
def account(db: None) -> Account:
    partitions.ensure([date(2026, 10, 1), date(2026, 11, 1)])
    account: Account = AccountFactory.create(switch__time_zone="Asia/Tokyo")
    return account


def make_calls(account: Account, count: int) -> list[Call]:
    """Three at each instant, so that pages break between calls of one instant."""
    return [CallFactory.create(account=account, started_at=NOON - timedelta(minutes=n // 3)) for n in range(count)]


def test_pages_hold_each_call_once_in_both_directions(account: Account) -> None:
    made = {call.flow_no for call in make_calls(account, 23)}
    CallFactory.create()
    pages = [call_pages.page(account=account, chosen=ALL, size=5)]
    while pages[-1].older:
        pages.append(call_pages.page(account=account, chosen=ALL, after=pages[-1].older, size=5))
    listed = [call.flow_no for page in pages for call in page.calls]
    assert len(listed) == 23
    assert set(listed) == made
    assert pages[0].newer is None
    back = [pages[-1]]
    while back[-1].newer:
        back.append(call_pages.page(account=account, chosen=ALL, before=back[-1].newer, size=5))
    assert [call.flow_no for page in back for call in reversed(page.calls)] == listed[::-1]
    assert back[-1].older is not None


@pytest.mark.parametrize("cursor", ["", "x", "….", "MTIz", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTkuMQ", "MS4y" * 40])
def test_a_place_that_was_never_made_is_the_beginning(account: Account, cursor: str) -> None:
    make_calls(account, 3)
    assert from_cursor(cursor) is None
    assert len(call_pages.page(account=account, chosen=ALL, after=cursor).calls) == 3


ZONES = ["UTC", "Asia/Tokyo", "America/New_York", "Pacific/Kiritimati", "Asia/Kolkata", "Asia/Kathmandu"]


@pytest.mark.parametrize("zone", ZONES)
def test_rows_and_totals_of_one_filter_agree_in_every_zone(account: Account, zone: str) -> None:
    for hours in range(0, 96, 5):
        CallFactory.create(account=account, started_at=NOON - timedelta(hours=hours), talk_seconds=hours % 3)
    CallFactory.create(account=account, started_at=NOON.replace(hour=18, minute=29, second=59))
    CallFactory.create(account=account, started_at=NOON.replace(hour=18, minute=30))
    for days in range(5):
        day = NOON.date() - timedelta(days=days)
        every = CallFilter(zone=ZoneInfo(zone), first=day, last=day)
        listed = call_pages.page(account=account, chosen=every, size=100).calls
        added_up = totals(account=account, chosen=every)
        assert (added_up.calls, added_up.fee) == (len(listed), sum(call.fee for call in listed))
        assert added_up.talk_seconds == sum(call.talk_seconds for call in listed)
        wanted = replace(every, answered=True)
        calls = call_pages.page(account=account, chosen=wanted, size=100).calls
        sums = totals(account=account, chosen=wanted)
        assert sums.calls == sums.answered == len(calls)
        assert sums.fee == sum(call.fee for call in calls)
        assert {call.started_at.astimezone(ZoneInfo(zone)).date() for call in calls} <= {day}


def test_the_whole_history_is_added_up_without_reading_a_call(account: Account) -> None:
    make_calls(account, 9)
    with CaptureQueriesContext(connection) as queries:
        assert totals(account=account, chosen=ALL).calls == 9
    assert not any('"calls_call"' in query["sql"] for query in queries)


@pytest.mark.parametrize(
    ("written", "match", "found"),
    [
        ("86139", Match.BEGINS, ["8613911", "8613922"]),
        ("8613911", Match.IS, ["8613911"]),
        ("86139", Match.IS, []),
        ("22", Match.ENDS, ["8613922"]),
        ("86%", Match.BEGINS, ["86%139"]),
        ("1_9", Match.ENDS, []),
    ],
)
def test_a_number_is_found_by_how_it_begins_or_ends_or_by_all_of_it(
    account: Account, written: str, match: Match, found: list[str]
) -> None:
    for number in ("8613911", "8613922", "86%139"):
        CallFactory.create(account=account, caller="44", callee=number)
        CallFactory.create(account=account, caller=number, callee="44")
    wanted = NumberFilter(written, match)
    called = call_pages.page(account=account, chosen=replace(ALL, callee=wanted)).calls
    calling = call_pages.page(account=account, chosen=replace(ALL, caller=wanted)).calls
    assert sorted(call.callee for call in called) == sorted(call.caller for call in calling) == found


COUNTRY = ["+442079460000", "00442079460000", "442079460000"]


@pytest.mark.parametrize(
    ("written", "match", "found"),
    [
        ("+44 (20) 7946-0000", Match.IS, COUNTRY),
        ("0044 20 7946 0000", Match.IS, COUNTRY),
        ("442079460000", Match.IS, COUNTRY),
        ("+44", Match.BEGINS, COUNTRY),
        ("44.20", Match.BEGINS, COUNTRY),
        ("+44 2079460000", Match.ENDS, COUNTRY),
        ("9460000", Match.ENDS, COUNTRY),
        ("0044", Match.ENDS, ["10044"]),
        ("00", Match.BEGINS, ["00442079460000"]),
        ("+", Match.BEGINS, ["+442079460000"]),
        ("020 7946", Match.BEGINS, ["0207946"]),
        ("anonymous", Match.IS, ["anonymous"]),
        ("anon", Match.BEGINS, ["anonymous"]),
        ("sip-7", Match.IS, ["sip-7"]),
        ("7-1", Match.IS, ["7-1"]),
        ("zoe_1@example.com:5060", Match.IS, ["zoe_1@example.com:5060"]),
    ],
)
def test_a_number_is_found_as_it_stands_and_as_it_is_dialled(
    account: Account, written: str, match: Match, found: list[str]
) -> None:
    for number in (*COUNTRY, "0207946", "10044", "anonymous", "sip-7", "7-1", "zoe_1@example.com:5060"):
        CallFactory.create(account=account, callee=number)
    calls = call_pages.page(account=account, chosen=replace(ALL, callee=NumberFilter(written, match))).calls
    assert sorted(call.callee for call in calls) == sorted(found)


def test_no_call_is_left_out_where_many_days_of_the_switch_share_an_hour(account: Account) -> None:
    for back in range(3):
        CallFactory.create(account=account, started_at=NOON - timedelta(hours=1 + back))
    for late in range(5):
        day = NOON.date() + timedelta(days=late)
        CallFactory.create(account=account, started_at=NOON + timedelta(minutes=late), day=day)
    pages = [call_pages.page(account=account, chosen=ALL, size=1)]
    while pages[-1].older:
        pages.append(call_pages.page(account=account, chosen=ALL, size=1, after=pages[-1].older))
    assert len([call for page in pages for call in page.calls]) == 8


def test_an_hour_without_calls_has_no_total(account: Account) -> None:
    nothing = {"calls": 0, "answered": 0, "talk_seconds": 0, "billed_seconds": 0, "fee": 0}
    with pytest.raises(IntegrityError, match="call_total_is_of_calls"), transaction.atomic():
        CallTotal.objects.create(account=account, day=NOON.date(), hour=NOON, **nothing)


def test_totals_tell_ratio_and_average(account: Account) -> None:
    for seconds in (0, 0, 60, 120):
        CallFactory.create(account=account, talk_seconds=seconds)
    sums = totals(account=account, chosen=ALL)
    assert (sums.calls, sums.answered_ratio, sums.average_seconds) == (4, 0.5, 90)
    nothing = totals(account=account, chosen=replace(ALL, callee=NumberFilter("1")))
    assert (nothing.fee, nothing.answered_ratio, nothing.average_seconds) == (Decimal(0), None, None)


def test_days_are_those_of_the_switch_that_the_filter_touches(account: Account) -> None:
    for day in range(17, 24):
        CallDayFactory.create(account=account, day=date(2026, 11, day))
    wanted = CallFilter(zone=ZoneInfo("America/New_York"), first=date(2026, 11, 20), last=date(2026, 11, 20))
    touched = call_pages.days(account=account, chosen=wanted)
    assert sorted(day.day for day in touched) == [20, 21]


def test_dates_at_the_ends_of_the_calendar_are_dates_too(account: Account) -> None:
    make_calls(account, 2)
    for zone in ("Pacific/Kiritimati", "America/New_York"):
        widest = CallFilter(zone=ZoneInfo(zone), first=date.min, last=date.max)
        assert len(call_pages.page(account=account, chosen=widest).calls) == 2
        assert call_pages.days(account=account, chosen=widest) == {}
        assert totals(account=account, chosen=CallFilter(zone=ZoneInfo(zone), last=date.min)).calls == 0
        assert totals(account=account, chosen=CallFilter(zone=ZoneInfo(zone), first=date.max)).calls == 0


def test_costs_of_a_day_are_calls_and_charges(account: Account) -> None:
    CallDayFactory.create(account=account, day=date(2026, 11, 20), fee=Decimal("1.5"))
    ChargeFactory.create(account=account, charged_at=datetime(2026, 11, 19, 15, 30, tzinfo=UTC), amount=Decimal("0.25"))
    costs = daily_cost(account=account, last_days=3, now=NOON)
    assert costs == [(date(2026, 11, 18), 0), (date(2026, 11, 19), 0), (date(2026, 11, 20), Decimal("1.75"))]
    assert month_cost(account=account, now=NOON) == Decimal("1.75")


def test_days_left_follow_the_last_two_weeks(account: Account) -> None:
    assert days_left(account, NOON) is None
    for day in range(6, 20):
        CallDayFactory.create(account=account, day=date(2026, 11, day), fee=Decimal(10), fetched_at=NOON)
    assert days_left(account, NOON) == 12
    account.balance = Decimal(-30)
    assert days_left(account, NOON) == 0
    account.balance = None
    assert days_left(account, NOON) is None


def test_payments_and_charges_are_one_list(account: Account) -> None:
    for n in range(7):
        PaymentFactory.create(account=account, paid_at=NOON - timedelta(hours=n // 2))
        ChargeFactory.create(account=account, charged_at=NOON - timedelta(hours=n // 3))
    PaymentFactory.create()
    pages = [statement_payments.page(account=account, size=4)]
    while pages[-1].older:
        pages.append(statement_payments.page(account=account, after=pages[-1].older, size=4))
    places = [(entry.at, entry.place) for page in pages for entry in page.entries]
    assert len(set(places)) == 14
    assert places == sorted(places, reverse=True)
    back = [pages[-1]]
    while back[-1].newer:
        back.append(statement_payments.page(account=account, before=back[-1].newer, size=4))
    assert [(entry.at, entry.place) for page in back for entry in reversed(page.entries)] == places[::-1]
    assert {(type(entry.row), entry.row.kind, entry.amount) for page in pages for entry in page.entries} == {
        (Payment, Payment.Kind.TOP_UP, Decimal(25)),
        (Charge, Charge.Kind.PACKAGE_RENT, Decimal(-5)),
    }
