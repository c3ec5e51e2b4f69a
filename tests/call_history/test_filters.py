"""Any filter in any order: the pages hold what it wants, once, in order; its sums are theirs; so is its file."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from unittest.mock import patch
from zoneinfo import ZoneInfo

import pytest
from django.utils.functional import Promise
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Account
from billing.call_history.forms.filters import CallFilterForm
from billing.call_history.queries import pages as call_pages
from billing.call_history.queries import rows
from billing.call_history.queries.figures import Totals
from billing.call_history.queries.filters import CallFilter, Order
from billing.call_history.queries.numbers import Match, NumberFilter
from billing.call_history.queries.page_totals import TooMany, all_sums, sums
from billing.call_history.queries.totals import by_stretch, totals
from billing.calls.models import Call
from billing.calls.services import partitions
from billing.lib.periods import Spans, spans
from tests.support.factories import AccountFactory, CallFactory

pytestmark = pytest.mark.django_db
# Around the turn of a month, and the hour in which North America's clocks go back.
BEGAN = datetime(2026, 10, 31, 5, 20, tzinfo=UTC)
ZONES = ("Asia/Tokyo", "Asia/Kathmandu", "Asia/Kolkata", "America/New_York", "America/St_Johns")
NUMBERS = ("8613900", "+8613911", "44207", "004420711", "sip-1900")
FEES = tuple(map(Decimal, ("0", "0.05", "0.050001", "-0.01", "713.5")))
ORDERS: dict[Order, Callable[[Call], Any]] = {
    Order.NEWEST: lambda call: (call.started_at, call.flow_no),
    Order.LONGEST: lambda call: (call.talk_seconds, call.started_at, call.flow_no),
    Order.DEAREST: lambda call: (call.fee, call.started_at, call.flow_no),
}


@pytest.fixture
def account(db: None) -> Account:
    """Calls of three days, many of them alike, some of one instant."""
    partitions.ensure([date(2026, 10, 1), date(2026, 11, 1)])
    account: Account = AccountFactory.create(switch__time_zone="Asia/Tokyo")
    for n in range(48):
        CallFactory.create(
            account=account,
            started_at=BEGAN + timedelta(minutes=45 * n) - timedelta(minutes=45 * (n % 3 == 1)),
            caller=NUMBERS[n * 7 % 5],
            callee=NUMBERS[n * 3 % 5],
            talk_seconds=(0, 0, 30, 60, 60, 3600)[n * 5 % 6],
            billed_seconds=60,
            fee=FEES[n * 11 % 5],
            fee_prefix=("86", "8613", "44", "1")[n % 4],
            call_level=(1, 4, 5)[n % 3],
            end_direction=n % 3,
        )
    CallFactory.create(started_at=BEGAN)
    return account


number_filters = st.none() | st.builds(
    NumberFilter,
    st.sampled_from(["86139", "8613900", "+86", "00", "11", "44207", "0044 207", "+4420711", "2", "sip-", "sip-1900"]),
    st.sampled_from(Match),
)
days = st.none() | st.dates(date(2026, 10, 30), date(2026, 11, 2))
filters = st.builds(
    CallFilter,
    zone=st.sampled_from([ZoneInfo(name) for name in ZONES]),
    first=days,
    last=days,
    callee=number_filters,
    caller=number_filters,
    answered=st.none() | st.booleans(),
    destination=st.sampled_from(["", "", "86", "4", "9"]),
    prefixes=st.sampled_from([None, None, ("8613", "1"), ("86",), ()]),
    level=st.sampled_from([None, None, 1, 5]),
    ended_by=st.sampled_from([None, None, 0, 2]),
    least_seconds=st.sampled_from([None, None, 1, 60, 3601]),
    least_fee=st.sampled_from([None, None, Decimal(0), Decimal("0.050001"), Decimal(1000)]),
    order=st.sampled_from(Order),
)


def is_wanted(call: Call, wanted: CallFilter) -> bool:
    """The filter once more, in Python."""
    day = call.started_at.astimezone(wanted.zone).date()
    return (
        (wanted.first or day) <= day <= (wanted.last or day)
        and _fits(call.callee, wanted.callee)
        and _fits(call.caller, wanted.caller)
        and wanted.answered in (None, call.talk_seconds > 0)
        and call.fee_prefix.startswith(wanted.destination)
        and (wanted.prefixes is None or call.fee_prefix in wanted.prefixes)
        and wanted.level in (None, call.call_level)
        and wanted.ended_by in (None, call.end_direction)
        and call.talk_seconds >= (wanted.least_seconds or 0)
        and call.fee >= (call.fee if wanted.least_fee is None else wanted.least_fee)
    )


def _fits(number: str, wanted: NumberFilter | None) -> bool:
    if wanted is None:
        return True
    if wanted.match == Match.ENDS:
        return number.endswith(wanted.written.replace(" ", "").removeprefix("+"))
    of_country, looked_for = _from_country(number), _from_country(wanted.written)
    return of_country == looked_for if wanted.match == Match.IS else of_country.startswith(looked_for)


def _from_country(number: str) -> str:
    return re.sub(r"^(\+|00)(?=[1-9])", "", number.replace(" ", ""))


def sums_of(calls: list[Call]) -> Totals:
    return Totals(
        calls=len(calls),
        answered=sum(call.talk_seconds > 0 for call in calls),
        talk_seconds=sum(call.talk_seconds for call in calls),
        billed_seconds=sum(call.billed_seconds for call in calls),
        fee=sum((call.fee for call in calls), Decimal(0)),
    )


def _row(call: Call, zone: ZoneInfo) -> rows.Row:
    began = call.started_at.astimezone(zone).replace(tzinfo=None, microsecond=0)
    return began, call.caller, call.callee, call.talk_seconds, call.billed_seconds, call.fee


def _costs(calls: list[Call], zone: ZoneInfo, bars: Spans) -> Iterator[Decimal]:
    for day in bars.firsts:
        yield sum((call.fee for call in calls if call.started_at.astimezone(zone).date() == day), Decimal(0))


def walked(account: Account, wanted: CallFilter, **how: Any) -> list[call_pages.Page]:
    pages = [call_pages.page(account=account, chosen=wanted, **how)]
    while pages[-1].older:
        pages.append(call_pages.page(account=account, chosen=wanted, after=pages[-1].older, **how))
    return pages


@given(filters, st.integers(1, 9), st.integers(1, 60))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_pages_sums_and_file_of_any_filter_are_its_calls(
    account: Account, wanted: CallFilter, size: int, look_at: int
) -> None:
    expected = [call for call in Call.objects.filter(account=account) if is_wanted(call, wanted)]
    in_order = [call.flow_no for call in sorted(expected, key=ORDERS[wanted.order], reverse=True)]
    pages = walked(account, wanted, size=size, look_at=look_at)
    assert [call.flow_no for page in pages for call in page.calls] == in_order
    assert all(len(page.calls) <= size for page in pages)
    assert totals(account=account, chosen=wanted) == sums_of(expected)
    if wanted.first and wanted.last:
        bars = spans(wanted.first, wanted.last, wanted.zone)
        by_day = by_stretch(account=account, chosen=wanted, edges=bars.edges)
        assert [day.fee for day in by_day] == list(_costs(expected, wanted.zone, bars))
    in_file = list(rows.each(account=account, chosen=wanted))
    by_number = {call.flow_no: call for call in expected}
    assert in_file == [_row(by_number[number], wanted.zone) for number in in_order]
    assert rows.count(account=account, chosen=wanted) == len(expected)


@given(filters, st.integers(1, 9), st.integers(1, 60))
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_way_back_leads_over_the_same_calls(account: Account, wanted: CallFilter, size: int, look_at: int) -> None:
    there = walked(account, wanted, size=size, look_at=look_at)
    back = [there[-1]]
    while back[-1].newer:
        back.append(call_pages.page(account=account, chosen=wanted, before=back[-1].newer, size=size, look_at=look_at))
    if len(back) > 1 and back[-1].came_from is None:
        back.pop()  # Beyond the first call it leads to the beginning.
    listed = [call.flow_no for page in back for call in reversed(page.calls)]
    assert listed == [call.flow_no for page in there for call in page.calls][::-1]


@given(filters, st.integers(1, 60))
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_quick_sums_are_those_of_the_newest_calls_and_say_since_when(
    account: Account, wanted: CallFilter, at_most: int
) -> None:
    found = sums(account=account, chosen=wanted, at_most=at_most)
    of_days = [call for call in Call.objects.filter(account=account) if is_wanted(call, _days_of(wanted))]
    newest = sorted(of_days, key=ORDERS[Order.NEWEST], reverse=True)
    if found.since:
        assert wanted.narrows
        assert found.since == newest[at_most].started_at
        newest = newest[:at_most]
    assert found.totals == sums_of([call for call in newest if is_wanted(call, wanted)])


def _days_of(wanted: CallFilter) -> CallFilter:
    return CallFilter(zone=wanted.zone, first=wanted.first, last=wanted.last)


def test_a_page_that_is_not_full_says_how_far_was_looked(account: Account) -> None:
    nothing = CallFilter(zone=ZoneInfo("UTC"), callee=NumberFilter("999"))
    first = call_pages.page(account=account, chosen=nothing, look_at=20)
    newest = list(Call.objects.filter(account=account).order_by("-started_at", "-flow_no"))
    assert first.calls == []
    assert first.looked_to
    assert (first.looked_to.at, first.looked_to.flow_no) == (newest[19].started_at, newest[19].flow_no)
    last = call_pages.page(account=account, chosen=nothing, after=first.older, look_at=200)
    assert (last.calls, last.older, last.looked_to) == ([], None, None)


def test_a_place_of_one_order_is_none_of_another(account: Account) -> None:
    by_cost = CallFilter(zone=ZoneInfo("UTC"), order=Order.DEAREST)
    place = call_pages.page(account=account, chosen=by_cost, size=5).older
    newest = CallFilter(zone=ZoneInfo("UTC"))
    assert call_pages.page(account=account, chosen=newest, after=place).came_from is None


def test_what_takes_too_long_to_add_up_is_told_and_ends(account: Account) -> None:
    wanted = CallFilter(zone=ZoneInfo("UTC"), answered=True)
    assert all_sums(account=account, chosen=wanted).totals == totals(account=account, chosen=wanted)
    slow = Call.objects.extra(where=["pg_sleep(0.2) IS NOT NULL"]).filter(account=account)
    with patch("billing.call_history.queries.totals.matching", lambda **_: slow), pytest.raises(TooMany):
        all_sums(account=account, chosen=wanted, within=timedelta(milliseconds=20))
    assert totals(account=account, chosen=wanted).calls


def test_choices_are_worded_when_a_page_is_shown_in_the_language_of_its_reader() -> None:
    fields: dict[str, Any] = CallFilterForm.base_fields
    choices = [words for field in fields.values() for _, words in getattr(field, "choices", ())]
    assert choices
    assert all(isinstance(words, Promise) for words in choices)
