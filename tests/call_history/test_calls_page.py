from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from html import unescape
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest

from accounts.models import Role, Switch
from billing.call_history.queries.pages import MOST_DAYS
from billing.call_history.views.backfill import BackfillStatus
from billing.calls.models import Backfill, CallDay, DayState
from billing.calls.services import backfill_worker, backfills, partitions
from billing.lib.locks import hold
from billing.switches.models import SwitchFailure
from simulator.process import SimulatorProcess
from tests.support.factories import CallDayFactory, CallFactory, MembershipFactory
from tests.support.logins import logged_in
from tests.support.pages import Page, context, read
from tests.support.visitors import Visitor

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer

NOW = datetime.now(UTC)
TODAY = NOW.date()


@pytest.fixture(autouse=True)
def _partitions(db: None) -> None:
    partitions.ensure(months=[TODAY - timedelta(days=back) for back in (0, 15, 30, 45, 62)])


def call(zoe: Visitor, callee: str, *, days: int = 0, seconds: int = 60, agent_fee: str = "0") -> None:
    CallFactory.create(
        account=zoe.account,
        callee=callee,
        started_at=NOW - timedelta(days=days),
        talk_seconds=seconds,
        agent_fee=Decimal(agent_fee),
    )


def answer_of(zoe: Visitor, query: str = "") -> Answer:
    answer = zoe.client.get(f"{zoe.page('calls/')}?{query}")
    assert answer.status_code == 200
    return answer


def page(zoe: Visitor, query: str = "") -> Page:
    return read(answer_of(zoe, query))


def words(zoe: Visitor, query: str = "") -> str:
    """All that the page says, from top to bottom."""
    return page(zoe, query).words


def backfill(answer: Answer) -> BackfillStatus:
    found: BackfillStatus = context(answer)["backfill"]
    return found


def is_looking(answer: Answer) -> bool:
    """Whether the page looks by itself how far the days are that are being fetched."""
    progress = backfill(answer).progress
    return progress is not None and progress.is_awaited and not backfill(answer).has_grown


def test_calls_of_the_last_thirty_days_are_listed_with_totals(zoe: Visitor) -> None:
    call(zoe, "8613900000001")
    call(zoe, "8613900000002", seconds=0)
    call(zoe, "8613900000003", days=40)
    html = words(zoe)
    assert "8613900000001" in html
    assert "not answered" in html
    assert "8613900000003" not in html
    assert "50 %" in html
    assert "$0.10" in html


def test_filters_stay_in_the_address_and_narrow_list_and_totals(zoe: Visitor) -> None:
    call(zoe, "8613900000001")
    call(zoe, "8613900000002", seconds=0)
    call(zoe, "447700900001")
    shown = page(zoe, "callee=%2B86+139&answered=yes")
    html = shown.words
    assert "8613900000001" in html
    assert "8613900000002" not in html
    assert "447700900001" not in html
    assert "100 %" in html
    assert "callee=%2B86+139" in shown.link("Today")


@pytest.mark.parametrize("number", ["+442079460000", "442079460000", "anonymous", "sip-7", "zoe@203.0.113.7:5060"])
def test_a_number_copied_from_the_list_finds_its_calls(zoe: Visitor, number: str) -> None:
    CallFactory.create(account=zoe.account, caller=number, callee="8613900000001", started_at=NOW)
    CallFactory.create(account=zoe.account, caller="4420", callee="8613900000002", started_at=NOW)
    html = words(zoe, urlencode({"caller": number, "caller_match": "is"}))
    assert "8613900000001" in html
    assert "8613900000002" not in html


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("from=yesterday&to=2026-01-01", "This is no date"),
        (f"from={TODAY}&to={TODAY - timedelta(days=3)}", "This is before the first day"),
        ("from=0001-01-01&to=9999-12-31", "Nothing can be found there"),
        ("callee=a/b", "A number has letters, digits and"),
        ("callee=%00", "Null characters are not allowed"),
        (f"callee={'1' * 101}", "No number is that long"),
        ("caller=%25&callee_match=x", "A number has letters, digits and"),
        ("answered=perhaps", "Choose one of these"),
        ("callee_match=near&callee=1", "Choose one of these"),
        ("order=cheapest", "Choose one of these"),
        ("level=7", "Choose one of these"),
        ("ended_by=9", "Choose one of these"),
        ("destination=Mars", "The names in your rates are not known yet (look again in a moment, or write the code)"),
        ("destination=%C2%BD", "A code has digits only"),
        (f"destination={'Mars' * 60}", "No destination is that long"),
        ("least_seconds=1.5", "These are no whole seconds"),
        ("least_seconds=-1", "No call is shorter"),
        ("least_seconds=99999999999", "No call is that long"),
        ("least_fee=free", "This is no amount"),
        ("least_fee=-1", "This is no amount"),
        ("least_fee=1e400", "This is no amount"),
        ("least_fee=0.1234567", "This is no amount"),
    ],
)
def test_a_filter_that_cannot_be_read_is_told_beside_its_field_and_the_rest_works(
    zoe: Visitor, query: str, message: str
) -> None:
    call(zoe, "8613900000001")
    shown = page(zoe, query)
    assert message in " ".join(field.error for field in shown.fields.values())
    assert "8613900000001" in shown.words


@pytest.mark.parametrize("query", ["after=rubbish", "before=%00", "after=" + "9" * 5000, "page=-1", "from=&to="])
def test_an_address_that_makes_no_sense_shows_the_beginning(zoe: Visitor, query: str) -> None:
    call(zoe, "8613900000001")
    assert "8613900000001" in words(zoe, query)


def test_pages_are_turned_by_links_there_and_back(zoe: Visitor) -> None:
    for number in range(60):
        call(zoe, f"86139000000{number:02}", days=number // 10)
    first = zoe.client.get(zoe.page("calls/"))
    older = zoe.client.get(zoe.page("calls/") + first.context["older"])
    assert first.context["newer"] == ""
    assert sum(len(day.calls) for day in older.context["days"]) == 10
    back = zoe.client.get(zoe.page("calls/") + older.context["newer"])
    assert [day.calls for day in back.context["days"]] == [day.calls for day in first.context["days"]]


def test_days_that_were_not_fetched_are_told_honestly(zoe: Visitor) -> None:
    for back in range(28):
        CallDayFactory.create(account=zoe.account, day=TODAY - timedelta(days=back), fetched_at=NOW)
    type(zoe.account).objects.update(opened_at=None)
    assert "2 days are not here yet." in words(zoe)
    assert "not here yet" not in words(zoe, f"from={TODAY - timedelta(days=5)}&to={TODAY}")


def test_a_day_carries_its_proof(zoe: Visitor) -> None:
    yesterday = TODAY - timedelta(days=1)
    call(zoe, "8613900000001", days=1)
    same = {"calls": 1, "reported_calls": 1, "fee": Decimal("0.05"), "reported_fee": Decimal("0.05")}
    CallDayFactory.create(account=zoe.account, day=yesterday, state=DayState.PROVEN, fetched_at=NOW, **same)
    assert "✓ 1 call, $0.05 proven" in words(zoe)


def test_a_day_that_differs_says_what_the_switch_reports_and_what_is_here(zoe: Visitor) -> None:
    call(zoe, "8613900000001", days=1)
    yesterday = TODAY - timedelta(days=1)
    CallDayFactory.create(
        account=zoe.account,
        day=yesterday,
        state=DayState.DIFFERS,
        fetched_at=NOW,
        calls=1,
        fee=Decimal("0.05"),
        reported_calls=2,
        reported_fee=Decimal("0.35"),
        unreadable=1,
    )
    html = words(zoe)
    assert "differs, is fetched again" in html
    told = "the switch reports 2 calls, $0.35; here are 1, $0.05. 1 record could not be read and is not in this list."
    assert html.count(f"{yesterday.day} {yesterday:%b}: {told}") == 1
    assert html.count(f"{yesterday.day} {yesterday:%b %Y}: {told}") == 1


def test_a_day_that_stays_different_says_since_when_and_how_often_it_was_tried(zoe: Visitor) -> None:
    call(zoe, "8613900000001", days=1)
    row = CallDayFactory.create(
        account=zoe.account,
        day=(NOW - timedelta(days=1)).date(),
        state=DayState.DIFFERS,
        fetched_at=NOW,
        tries=3,
        unproven_since=datetime(2026, 11, 2, 9, 5, tzinfo=UTC),
    )
    html = words(zoe)
    assert "differs, is fetched again" in html
    assert "It has differed since 2 Nov 2026, 09:05, also when it was fetched again, 3 times so far." in html
    CallDay.objects.filter(pk=row.pk).update(tries=CallDay.MOST_TRIES)
    html = words(zoe)
    assert "is fetched again" not in html
    assert "12 times so far; it is left so for now." in html
    overview = read(zoe.client.get(zoe.page()))
    assert "It was fetched again and still differs." in overview.words


def test_a_day_further_back_than_states_are_listed_at_once_says_its_own(zoe: Visitor) -> None:
    old = TODAY - timedelta(days=450)
    partitions.ensure(months=[old])
    call(zoe, "8613900000001", days=450)
    same = {"calls": 1, "reported_calls": 1, "fee": Decimal("0.05"), "reported_fee": Decimal("0.05")}
    CallDayFactory.create(account=zoe.account, day=old, state=DayState.PROVEN, fetched_at=NOW, **same)
    days = [TODAY - timedelta(days=back) for back in range(MOST_DAYS)]
    CallDay.objects.bulk_create([CallDay(account=zoe.account, day=day, fetched_at=NOW) for day in days])
    assert "✓ 1 call, $0.05 proven" in words(zoe, f"from={old}&to={TODAY}")


def test_a_day_of_another_year_says_which(zoe: Visitor) -> None:
    old = TODAY.replace(year=TODAY.year - 1, day=1)
    partitions.ensure(months=[old])
    CallFactory.create(account=zoe.account, started_at=datetime.combine(old, time(12), UTC))
    call(zoe, "8613900000001")
    today, day = page(zoe, f"from={old}&to={TODAY}").headings[-2:]
    assert day.startswith(f"{old:%A} {old.day} {old:%B} {old.year} ")
    assert today.startswith(f"{TODAY:%A} {TODAY.day} {TODAY:%B} ")
    assert str(TODAY.year) not in today
    longest = page(zoe, f"from={old}&to={TODAY}&order=longest")
    assert any(item.startswith(f"{old.day} {old:%b} {old.year} 12:00 ") for item in longest.items)


def test_days_without_calls_are_counted_too(zoe: Visitor) -> None:
    for back, state in ((0, DayState.FETCHED), (1, DayState.FETCHED), (2, DayState.PROVEN), (3, DayState.DIFFERS)):
        figures = {"reported_calls": 0, "reported_fee": Decimal(0)}
        day = TODAY - timedelta(days=back)
        CallDayFactory.create(account=zoe.account, day=day, state=state, fetched_at=NOW, **figures)
    html = words(zoe, f"from={TODAY - timedelta(days=3)}&to={TODAY}")
    assert "1 of 4 days proven, 1 differs, 1 not checked yet, 1 in progress" in html
    assert "The days that are proven have 0 calls, $0.00, the same as the switch’s own report." in html


def test_a_day_says_that_it_is_being_fetched_while_somebody_fetches_it(zoe: Visitor) -> None:
    call(zoe, "8613900000001", days=1)
    yesterday = TODAY - timedelta(days=1)
    with hold(f"calls:{zoe.account.pk}:{yesterday}", longest=timedelta(minutes=1)):
        assert page(zoe).headings[-1].endswith("being fetched")
    assert not page(zoe).headings[-1].endswith("being fetched")


def test_a_day_of_another_calendar_names_the_switchs_days_that_it_touches(zoe: Visitor) -> None:
    CallFactory.create(account=zoe.account, started_at=datetime.combine(TODAY - timedelta(days=3), time(1), UTC))
    zoe.user.time_zone = "Asia/Kolkata"
    zoe.user.save()
    same = {"calls": 1, "reported_calls": 1, "fee": Decimal("0.05"), "reported_fee": Decimal("0.05")}
    proven, differs = TODAY - timedelta(days=3), TODAY - timedelta(days=4)
    CallDayFactory.create(account=zoe.account, day=proven, state=DayState.PROVEN, fetched_at=NOW, **same)
    CallDayFactory.create(account=zoe.account, day=differs, state=DayState.DIFFERS, fetched_at=NOW)
    html = words(zoe)
    assert "differs, is fetched again" in html
    assert f"{proven.day} {proven:%b} on the switch’s calendar: 1 call, $0.05 proven." in html
    assert f"{differs.day} {differs:%b} on the switch’s calendar: the switch reports" in html


def test_times_are_those_of_the_reader(zoe: Visitor) -> None:
    CallFactory.create(account=zoe.account, started_at=datetime.combine(TODAY, datetime.min.time(), UTC))
    zoe.user.time_zone = "Asia/Shanghai"
    zoe.user.save()
    shown = page(zoe)
    assert any(item.startswith("08:00 ") for item in shown.items)
    assert "Asia/Shanghai" in shown.words


def test_a_time_zone_that_does_not_exist_is_the_switchs(zoe: Visitor) -> None:
    zoe.user.time_zone = "Mars/Olympus"
    zoe.user.save()
    assert "Times are those of UTC " in words(zoe)


def test_what_the_agent_pays_is_never_in_a_customers_page(zoe: Visitor) -> None:
    call(zoe, "8613900000001", agent_fee="0.031313")
    assert b"0.031313" not in answer_of(zoe).content
    assert b"0.031313" not in zoe.client.get(zoe.page()).content


def test_htmx_gets_the_history_alone(zoe: Visitor) -> None:
    html = zoe.client.get(zoe.page("calls/"), headers={"HX-Request": "true"}).content
    assert b'id="history"' in html
    assert b"<html" not in html


def test_a_date_far_away_is_an_empty_list(zoe: Visitor) -> None:
    assert "No calls" in words(zoe, f"from={date(2050, 1, 1)}&to={date(2050, 2, 1)}")


def test_days_that_a_customer_opens_are_fetched_and_the_page_completes_itself(zoe: Visitor) -> None:
    type(zoe.account).objects.update(opened_at=None)
    first, last = TODAY - timedelta(days=103), TODAY - timedelta(days=100)
    query = f"from={first}&to={last}"
    opened = answer_of(zoe, query)
    html = read(opened).words
    assert "4 days are not here yet." in html
    assert "Nothing matches in what is here already. 4 of these days are not here yet." in html
    assert is_looking(opened)
    assert f"calls/filling/?{query}&seen=0" in unescape(opened.content.decode())
    poll = zoe.page("calls/filling/") + backfill(opened).poll
    assert is_looking(zoe.client.get(poll))
    backfill_worker.run_slot(switch=zoe.account.switch, now=NOW)
    end = zoe.client.get(poll)
    assert b'hx-trigger="load, every 2s" hx-target="#history"' in end.content
    assert (backfill(end).has_grown, backfill(end).query) == (True, f"?{query}")
    complete = answer_of(zoe, query)
    assert b'id="filling"' not in complete.content
    coverage = backfill(complete).coverage
    assert coverage is not None
    assert coverage.missing_days == []


def test_a_page_goes_on_past_a_day_that_cannot_be_fetched(
    zoe: Visitor, simulator: SimulatorProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    type(zoe.account).objects.update(opened_at=None)
    monkeypatch.setattr(backfills, "MOST_DAYS_WAITING", 3)
    first, last = TODAY - timedelta(days=106), TODAY - timedelta(days=101)
    simulator.control.add_fault("GetCdr", "unlisted_code", day=f"{last:%Y%m%d}")
    query = f"from={first}&to={last}"
    opened = words(zoe, query)
    assert "3 of them are being fetched, and appear here by themselves. The other 3 come" in opened
    poll = zoe.page("calls/filling/") + f"?{query}&seen=9"
    said = []
    for _ in range(3):
        backfill_worker.run_slot(switch=zoe.account.switch, now=NOW)
        answer = zoe.client.get(poll)
        said.append(read(answer).words)
        assert is_looking(answer)
    sorry = "1 could not be and will be tried again: The switch refused to answer."
    assert "4 days are not here yet. Calls of those days" in said[0]
    assert f"3 of them are being fetched; {sorry} The other one comes after these" in said[0]
    assert f"They are being fetched; {sorry}" in said[1]
    assert "1 day is not here yet." in said[2]
    assert "It could not be fetched so far, and will be tried again: The switch refused to answer." in said[2]


def test_where_nothing_is_shown_it_is_told_what_helps(zoe: Visitor, mara: Visitor) -> None:
    day = TODAY - timedelta(days=2)
    for person in (zoe, mara):
        CallDayFactory.create(account=person.account, day=day, fetched_at=NOW)
    asked = f"from={day}&to={day}"
    assert "fewer filters" in words(zoe, f"{asked}&callee=999")
    assert "fewer filters" not in words(zoe, asked)
    assert page(mara, asked).link("their pages") == mara.page("customers/")


def test_a_look_of_staff_fetches_nothing(zoe: Visitor, sam: Visitor) -> None:
    type(zoe.account).objects.update(opened_at=None)
    opened = answer_of(sam, f"from={TODAY - timedelta(days=103)}&to={TODAY - timedelta(days=100)}")
    assert "4 days are not here yet." in read(opened).words
    assert not is_looking(opened)
    assert not Backfill.objects.exists()


def test_a_request_for_the_head_alone_fetches_nothing(zoe: Visitor) -> None:
    type(zoe.account).objects.update(opened_at=None)
    query = f"from={TODAY - timedelta(days=103)}&to={TODAY - timedelta(days=100)}"
    assert zoe.client.head(f"{zoe.page('calls/')}?{query}").status_code == 200
    zoe.account.refresh_from_db()
    assert (zoe.account.viewed_at, Backfill.objects.exists()) == (None, False)


def test_days_that_a_viewer_opens_are_fetched(zoe: Visitor) -> None:
    type(zoe.account).objects.update(opened_at=None)
    viewer = MembershipFactory.create(account=zoe.account, role=Role.VIEWER).user
    page(Visitor(viewer, zoe.account, logged_in(viewer)), f"from={TODAY - timedelta(days=103)}")
    assert Backfill.objects.get().asked_by == viewer


def test_a_page_of_more_days_than_are_fetched_at_a_time_says_which_come_first(zoe: Visitor) -> None:
    type(zoe.account).objects.update(opened_at=None)
    opened = answer_of(zoe, f"from={TODAY - timedelta(days=600)}&to={TODAY - timedelta(days=100)}")
    html = read(opened).words
    assert "501 days are not here yet." in html
    assert "400 of them are being fetched, and appear here by themselves." in html
    assert "The other 101 come after these, while this page is open." in html
    assert is_looking(opened)


def test_a_page_says_why_days_are_not_fetched(zoe: Visitor) -> None:
    type(zoe.account).objects.update(opened_at=None)
    page(zoe, f"from={TODAY - timedelta(days=600)}&to={TODAY - timedelta(days=100)}")
    refused = answer_of(zoe, f"from={TODAY - timedelta(days=700)}&to={TODAY - timedelta(days=690)}")
    assert "Other days of this account are being fetched first." in read(refused).words
    assert not is_looking(refused)


def test_a_page_says_that_no_day_could_be_fetched_so_far(zoe: Visitor) -> None:
    type(zoe.account).objects.update(opened_at=None)
    first, last = TODAY - timedelta(days=101), TODAY - timedelta(days=100)
    failed = {"account": zoe.account, "fetched_at": None, "failed_at": NOW, "failure": SwitchFailure.TOO_LATE}
    CallDayFactory.create(**failed, day=last)
    html = words(zoe, f"from={first}&to={last}")
    assert "They are being fetched; 1 could not be and will be tried again: The switch did not answer in time." in html
    CallDayFactory.create(**failed, day=first)
    html = words(zoe, f"from={first}&to={last}")
    assert "They could not be fetched so far, and will be tried again: The switch did not answer in time." in html
    assert "being fetched;" not in html


def test_days_that_the_switch_has_no_longer_and_nobody_fetched_are_told_honestly(zoe: Visitor) -> None:
    type(zoe.account).objects.update(opened_at=NOW - timedelta(days=200))
    type(zoe.account.switch).objects.update(call_days_kept=90)
    CallDayFactory.create(account=zoe.account, day=TODAY - timedelta(days=120), fetched_at=NOW)
    first = TODAY - timedelta(days=90)
    html = words(zoe, f"from={TODAY - timedelta(days=124)}&to={TODAY - timedelta(days=115)}")
    assert f"9 days before {first:%-d %B %Y} are not here and cannot be fetched any more" in html
    assert "Nothing matches in the days that were fetched." in html
    known = words(zoe, f"from={TODAY - timedelta(days=120)}&to={TODAY - timedelta(days=120)}")
    assert "cannot be fetched" not in known
    assert "There are none in these days." in known
    before = words(zoe, f"from={TODAY - timedelta(days=300)}&to={TODAY - timedelta(days=201)}")
    assert "cannot be fetched" not in before


def test_a_view_of_calls_asks_the_switch_for_none(zoe: Visitor, simulator: SimulatorProcess) -> None:
    page(zoe, f"from={TODAY - timedelta(days=103)}&to={TODAY - timedelta(days=100)}")
    assert "GetCdr" not in simulator.control.stats().requests


FURTHER = ("Caller’s number", "How the caller’s number matches", "Destination", "Kind of call", "Ended by")


def further_filters(zoe: Visitor, query: str = "") -> dict[str, str]:
    """What stands in the filters that fold away, by their labels."""
    fields = page(zoe, query).fields
    return {name: field.value for name, field in fields.items() if name in FURTHER or "at least" in name}


def test_filters_that_nobody_asks_for_stand_empty_whoever_asked_before(zoe: Visitor) -> None:
    before = further_filters(zoe)
    assert len(before) == len(FURTHER) + 2
    filled = further_filters(zoe, "caller=4420&caller_match=is&level=5&least_fee=1.5")
    values = ("Caller’s number", "How the caller’s number matches", "Cost at least (USD)")
    assert [filled[name] for name in values] == ["4420", "is", "1.5"]
    assert filled["Kind of call"] != before["Kind of call"]
    assert not any(before[name] for name in ("Caller’s number", "Cost at least (USD)"))
    assert further_filters(zoe) == before
    Switch.objects.update(currency="EUR")
    euros = {name.replace("USD", "EUR"): value for name, value in before.items()}
    assert further_filters(zoe) == euros != before
