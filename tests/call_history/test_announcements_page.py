"""What a screen reader is told when the list of calls has changed."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from html import unescape
from typing import TYPE_CHECKING
from unittest.mock import patch

import pytest
from django.utils import timezone

from billing.call_history.queries import pages
from billing.calls.models import Backfill
from billing.calls.services import partitions
from tests.support.factories import AccountFactory, CallDayFactory, CallFactory, MembershipFactory
from tests.support.logins import logged_in
from tests.support.pages import context
from tests.support.raw import as_sent
from tests.support.visitors import Visitor

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer

# Past, whenever this runs.
YEAR = datetime.now(UTC).year - 1
NOON = datetime(YEAR, 10, 14, 12, 0, 0, tzinfo=UTC)
FIRST, LAST = date(YEAR, 10, 10), date(YEAR, 10, 14)
LIST = {"HX-Request": "true", "HX-Target": "history"}
MORE = {"HX-Request": "true", "HX-Target": "more"}
COMPLETED = {**LIST, "HX-Trigger": "filling"}


@pytest.fixture
def zoe(db: None) -> Visitor:
    partitions.ensure(months=[date(YEAR, 10, 1)])
    account = AccountFactory.create(balance_at=timezone.now(), opened_at=NOON - timedelta(days=90))
    for number in range(60):
        at = NOON - timedelta(hours=number)
        CallFactory.create(account=account, started_at=at, callee=f"8613{number:04}", talk_seconds=number % 2)
    user = MembershipFactory.create(account=account).user
    return Visitor(user, account, logged_in(user))


@pytest.fixture
def _all_here(zoe: Visitor) -> None:
    for days in range((LAST - FIRST).days + 1):
        CallDayFactory.create(account=zoe.account, day=FIRST + timedelta(days=days), fetched_at=NOON)


def told(zoe: Visitor, query: str = "", place: str = "calls/", headers: dict[str, str] = LIST) -> str:
    address = f"{zoe.page(place)}?from={FIRST}&to={LAST}{query}"
    return said(zoe.client.get(address, headers=headers))


def said(answer: Answer) -> str:
    """What is announced, as it stands in the page."""
    announced = str(context(answer)["announcement"])
    written = unescape("".join(re.findall('<p id="said" hx-swap-oob="innerHTML">(.*?)</p>', as_sent(answer.content))))
    assert written == announced
    return announced


def of_link(zoe: Visitor, headers: dict[str, str]) -> str:
    """What is told where the link to older calls leads."""
    first = zoe.client.get(f"{zoe.page('calls/')}?from={FIRST}&to={LAST}")
    return said(zoe.client.get(zoe.page("calls/") + context(first)["older"], headers=headers))


@pytest.mark.usefixtures("_all_here")
def test_other_filters_tell_how_many_calls_there_are(zoe: Visitor) -> None:
    assert told(zoe) == "60 calls"
    assert told(zoe, "&answered=yes") == "30 calls"
    assert told(zoe, "&callee=86130007") == "1 call"
    assert told(zoe, "&callee=999") == "No calls"


@pytest.mark.usefixtures("_all_here")
def test_sums_of_a_part_are_not_told_as_all(zoe: Visitor) -> None:
    with (
        patch("billing.call_history.queries.page_totals.ADDED_UP", 4),
        patch("billing.call_history.views.announcements.ADDED_UP", 4),
    ):
        assert told(zoe, "&answered=yes") == "2 calls of the newest 4"


@pytest.mark.usefixtures("_all_here")
def test_a_filter_that_cannot_be_read_is_told_first(zoe: Visitor) -> None:
    assert told(zoe, "&callee=a%2Fb") == "One of the filters cannot be read. 60 calls"


@pytest.mark.usefixtures("_all_here")
def test_further_rows_tell_how_many_they_are(zoe: Visitor) -> None:
    assert of_link(zoe, MORE) == "10 more calls"
    assert of_link(zoe, LIST) == "Older: 10 calls"


@pytest.mark.usefixtures("_all_here")
def test_a_list_that_goes_on_looking_tells_nothing_yet(zoe: Visitor) -> None:
    with patch.object(pages, "LOOKED_AT", 10), patch.object(pages, "LOOKED_AT_FURTHER", 10):
        first = zoe.client.get(f"{zoe.page('calls/')}?from={FIRST}&to={LAST}&callee=999")
        assert said(zoe.client.get(zoe.page("calls/") + context(first)["older"], headers=MORE)) == ""


def test_a_page_that_completes_itself_tells_its_end_and_no_step(zoe: Visitor) -> None:
    assert told(zoe) == "60 calls; 5 days are not here yet"
    assert told(zoe, headers=COMPLETED) == ""
    assert told(zoe, "&seen=0", place="calls/filling/") == ""
    CallDayFactory.create(account=zoe.account, day=FIRST, fetched_at=NOON)
    assert told(zoe, headers=COMPLETED) == ""
    for days in range(1, 5):
        CallDayFactory.create(account=zoe.account, day=FIRST + timedelta(days=days), fetched_at=NOON)
    assert told(zoe, "&seen=0", place="calls/filling/") == "All days are here"
    assert told(zoe, headers=COMPLETED) == "All days are here: 60 calls"


def test_days_that_are_given_up_are_told(zoe: Visitor) -> None:
    told(zoe)
    for days in range(1, 5):
        CallDayFactory.create(account=zoe.account, day=FIRST + timedelta(days=days), fetched_at=NOON)
    Backfill.objects.update(ended_at=NOON)
    with patch("billing.calls.services.backfills.ask"):
        assert told(zoe, headers=COMPLETED) == "60 calls; 1 day is not here yet"


def test_a_whole_page_has_one_place_for_it_that_is_empty(zoe: Visitor) -> None:
    html = zoe.client.get(zoe.page("calls/")).content
    assert html.count(b'id="said"') == 1
    assert b'<p id="said" class="unseen" role="status"></p>' in html
