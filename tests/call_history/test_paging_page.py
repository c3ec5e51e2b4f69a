"""The list of calls as people turn it, look further and add up; and that it shows one state of the database."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from threading import Thread
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import Account
from billing.call_history.queries import page_totals, pages
from billing.calls.models import Call
from billing.calls.services import partitions
from billing.lib.cursors import to_cursor
from tests.support.factories import AccountFactory, CallFactory, MembershipFactory
from tests.support.logins import logged_in
from tests.support.pages import context, read
from tests.support.visitors import Visitor

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer

NOON = datetime(2026, 10, 14, 12, 0, 0, tzinfo=UTC)
DAYS = "from=2026-10-10&to=2026-10-14"
MORE = {"HX-Request": "true", "HX-Target": "more"}


@pytest.fixture
def zoe(db: None) -> Visitor:
    partitions.ensure(months=[date(2026, 10, 1)])
    account = AccountFactory.create(balance_at=timezone.now(), opened_at=NOON - timedelta(days=90))
    user = MembershipFactory.create(account=account).user
    return Visitor(user, account, logged_in(user))


def call(account: Account, number: int, **fields: Any) -> None:
    CallFactory.create(account=account, started_at=NOON - timedelta(hours=number), callee=f"8613{number:04}", **fields)


def page(zoe: Visitor, query: str, **headers: str) -> Answer:
    return zoe.client.get(f"{zoe.page('calls/')}?{DAYS}&{query}", headers=headers)


def followed(zoe: Visitor, answer: Answer, way: str = "older", **headers: str) -> Answer:
    """Where the list's link to older calls, or to newer ones, leads."""
    link = context(answer)[way]
    assert link in [found.address for found in read(answer).links]
    return zoe.client.get(zoe.page("calls/") + link, headers=headers)


def callees(answer: Answer) -> list[int]:
    """The numbers of the calls that are listed, which their links bear as names."""
    names = [link.name for link in read(answer).links]
    return [int(name[4:]) for name in names if re.fullmatch(r"8613\d{4}", name)]


def words(answer: Answer) -> str:
    return read(answer).words


def test_a_list_goes_on_with_its_next_rows_alone(zoe: Visitor) -> None:
    for number in range(70):
        call(zoe.account, number)
    first = page(zoe, "")
    more = followed(zoe, first, **MORE)
    assert callees(first) + callees(more) == list(range(70))
    assert not read(more).fields
    assert not read(more).pairs
    # The day that the first rows ended with is not announced again.
    assert "Monday 12 October" in words(first)
    assert "Monday 12 October" not in words(more)
    assert "Sunday 11 October" in words(more)


@pytest.mark.parametrize(
    ("order", "numbers"), [("newest", [0, 1, 2, 3]), ("longest", [2, 1, 3, 0]), ("dearest", [1, 0, 2, 3])]
)
def test_calls_come_in_the_order_that_is_asked_for(zoe: Visitor, order: str, numbers: list[int]) -> None:
    for number, (seconds, fee) in enumerate([(0, "0.2"), (61, "3"), (3600, "0.1"), (61, "0.000001")]):
        call(zoe.account, number, talk_seconds=seconds, fee=Decimal(fee))
    html = page(zoe, f"order={order}")
    assert callees(html) == numbers
    assert context(html)["form"]["order"].value() == order
    assert read(html).fields["Order"].value == f"{order.capitalize()} first"


def test_filters_are_combined_freely_and_stay_in_the_form(zoe: Visitor) -> None:
    for number in range(8):
        fields = {"caller": "44207" if number % 2 else "4930", "end_direction": 1, "call_level": 4 + number // 4}
        call(zoe.account, number, talk_seconds=number * 30, fee=Decimal(number), fee_prefix="8613", **fields)
    asked = "caller=207&caller_match=ends&level=5&ended_by=1&destination=86&least_seconds=100&least_fee=6.5"
    html = page(zoe, asked.replace("207", "44207"))
    assert callees(html) == [7]
    assert b'id="further" open>' in b" ".join(html.content.split())
    assert callees(page(zoe, asked)) == [7]
    assert callees(page(zoe, asked.replace("ended_by=1", "ended_by=2"))) == []
    form = context(html)["form"]
    kept = [form[name].value() for name in ("least_fee", "least_seconds", "caller_match", "level")]
    assert kept == ["6.5", "100", "ends", "5"]
    shown = read(html).fields
    assert [shown[name].value for name in ("Cost at least (USD)", "Talked at least (s)")] == ["6.5", "100"]


def test_a_page_that_looked_at_enough_calls_says_how_far_and_leads_further(zoe: Visitor) -> None:
    for number in range(9):
        call(zoe.account, number, talk_seconds=number // 8)
    with patch.object(pages, "LOOKED_AT", 3):
        html = page(zoe, "answered=yes")
        assert "None of the first 3 calls match, back to 14 October 2026, 10:00." in words(html)
        assert "No calls" not in words(html)
        assert callees(followed(zoe, html)) == [8]
        more = followed(zoe, html, **MORE)
    assert callees(more) == [8]
    assert "No other calls match." in words(more)


def test_a_page_on_which_no_other_call_matches_leads_back(zoe: Visitor) -> None:
    for number in range(9):
        call(zoe.account, number, talk_seconds=number == 1)
    oldest = Call.objects.get(callee="86130002")
    html = page(zoe, f"answered=yes&after={to_cursor(oldest.started_at, oldest.flow_no)}")
    assert "Nothing else matches in these days." in words(html)
    assert callees(followed(zoe, html, "newer")) == [1]


@pytest.mark.parametrize("at", [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)])
def test_a_place_at_the_end_of_the_calendar_is_none(zoe: Visitor, at: datetime) -> None:
    call(zoe.account, 1)
    cursor = to_cursor(at, 1)
    for query in (f"after={cursor}", f"before={cursor}"):
        assert callees(page(zoe, query)) == [1]
        assert callees(page(zoe, query, **MORE)) == [1]


def test_the_way_back_from_the_first_call_there_is_leads_to_the_beginning(zoe: Visitor) -> None:
    for number in range(3):
        call(zoe.account, number)
    newest = Call.objects.get(callee="86130000")
    assert callees(page(zoe, f"before={to_cursor(newest.started_at, newest.flow_no)}")) == [0, 1, 2]


def test_the_way_back_goes_on_where_enough_calls_were_looked_at(zoe: Visitor) -> None:
    for number in range(9):
        call(zoe.account, number, talk_seconds=number in (0, 4, 8))
    oldest = Call.objects.get(callee="86130008")
    with patch.object(pages, "LOOKED_AT", 3):
        html = page(zoe, f"answered=yes&before={to_cursor(oldest.started_at, oldest.flow_no)}")
        assert "None of the next 3 calls match, up to 14 October 2026, 07:00." in words(html)
        html = followed(zoe, html, "newer")
    assert callees(html) == [0, 4]


def test_sums_of_a_part_say_so_and_all_are_added_up_when_asked(zoe: Visitor) -> None:
    for number in range(9):
        call(zoe.account, number, talk_seconds=number % 2 * 60)
    with patch.object(page_totals, "ADDED_UP", 4):
        part = read(page(zoe, "answered=yes"))
        said = "These days have more than 4 calls. Of the newest 4, 2 match; those before 14 October 2026, 08:00"
        assert said in part.words
        shown = ("calls", "answered", "talked", "billed", "cost")
        assert [part.pairs[name].split("+")[0] for name in shown] == ["2", "2", "2 min 00 s", "2 min 00 s", "$0.10"]
        assert all("+" in part.pairs[name] for name in shown)
        every = read(page(zoe, "answered=yes&sums=all")).pairs
    assert (every["calls"], every["talked"]) == ("4", "4 min 00 s")


def test_where_none_of_the_newest_match_no_figure_pretends_that_there_are_none(zoe: Visitor) -> None:
    for number in range(9):
        call(zoe.account, number, talk_seconds=number // 8)
    with patch.object(page_totals, "ADDED_UP", 4):
        part = read(page(zoe, "answered=yes"))
        said = "None of the newest 4 calls of these days matches; those before 14 October 2026, 08:00 are not"
        assert said in part.words
        assert not part.pairs
        assert read(page(zoe, "answered=yes&sums=all")).pairs["call"] == "1"


def test_all_that_takes_too_long_to_add_up_is_told_calmly(zoe: Visitor) -> None:
    for number in range(9):
        call(zoe.account, number)
    with (
        patch.object(page_totals, "ADDED_UP", 4),
        patch.object(page_totals, "all_sums", side_effect=page_totals.TooMany),
    ):
        html = page(zoe, "answered=yes&sums=all")
    assert "All of them are too many to add up at once: choose fewer days." in words(html)
    assert read(html).pairs["calls"] == "4+"


def test_the_chart_is_of_the_calls_that_are_listed(zoe: Visitor) -> None:
    zoe.user.time_zone = "Asia/Kathmandu"
    zoe.user.save()
    for number in range(0, 90, 7):
        call(zoe.account, number, talk_seconds=number % 2, fee=Decimal(number) / 10)
    for wanted in ("", "&answered=yes"):
        shown = zoe.client.get(f"{zoe.page('calls/')}?{DAYS}{wanted}").context
        assert shown["chart"].total == shown["sums"].totals.fee > 0
        assert [bar.day.day for bar in shown["chart"].bars] == [10, 11, 12, 13, 14]


def test_a_chart_of_a_part_is_not_drawn_and_all_of_them_have_one(zoe: Visitor) -> None:
    for number in range(9):
        call(zoe.account, number)
    with patch.object(page_totals, "ADDED_UP", 4):
        assert "Cost per day" not in read(page(zoe, "answered=yes")).headings
        assert "Cost per day" in read(page(zoe, "answered=yes&sums=all")).headings


def test_a_long_range_has_a_bar_a_month_and_the_whole_history_one_a_year(zoe: Visitor) -> None:
    for number in range(9):
        call(zoe.account, number, fee=Decimal(number))
    for first, unit, bars in (("2026-01-20", "month", 10), ("2000-01-01", "year", 27)):
        shown = zoe.client.get(f"{zoe.page('calls/')}?from={first}&to=2026-10-14")
        assert f"Cost per {unit}" in read(shown).headings
        assert [bar.cost for bar in shown.context["chart"].bars] == [0] * (bars - 1) + [36]


def test_a_chart_of_nothing_or_of_one_day_is_not_drawn(zoe: Visitor) -> None:
    call(zoe.account, 1)
    assert "Cost per" not in words(page(zoe, "callee=999"))
    assert "Cost per" not in words(zoe.client.get(f"{zoe.page('calls/')}?from=2026-10-14&to=2026-10-14"))


@pytest.fixture
def late(transactional_db: None) -> Visitor:
    partitions.ensure(months=[date(2026, 10, 1)])
    account = AccountFactory.create(balance_at=timezone.now())
    user = MembershipFactory.create(account=account).user
    return Visitor(user, account, logged_in(user))


def test_rows_and_sums_are_of_one_state_while_calls_come_in(late: Visitor) -> None:
    call(late.account, 1)
    rows = pages.page

    def and_then_one_comes_in(**asked: Any) -> pages.Page:
        found = rows(**asked)
        coming = Thread(target=_call_by_another, args=(late.account,))
        coming.start()
        coming.join()
        return found

    with patch.object(pages, "page", and_then_one_comes_in):
        shown = late.client.get(f"{late.page('calls/')}?{DAYS}").context
    assert len(shown["page"].calls) == shown["sums"].totals.calls == 1
    after = late.client.get(f"{late.page('calls/')}?{DAYS}").context
    assert len(after["page"].calls) == after["sums"].totals.calls == 2


def _call_by_another(account: Account) -> None:
    call(account, 2)
    connection.close()
