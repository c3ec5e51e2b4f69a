"""What the staff site says of calls and of their days, and the way from there to what the customer reads."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.html import escape, strip_tags

from accounts.staff_pages import paging
from billing.models import Backfill, Call, CallChange, CallDay, ChangeOfRecord, DayState, Export
from billing.queries.end_reasons import end_reason
from tests.support.factories import NOON, AccountFactory, CallDayFactory, ExportFactory
from tests.support.logins import logged_in
from tests.support.staffsite import full_account, list_of, page_of, staff

pytestmark = pytest.mark.django_db


@pytest.fixture
def call() -> Call:
    call: Call = full_account().calls.get()
    return call


def test_from_the_page_of_a_call_one_comes_to_what_its_customer_reads(call: Call) -> None:
    client = logged_in(staff("support"))
    page = client.get(page_of(call))
    assert f"{call.started_at:%-d %b %Y, %H:%M:%S}" in page.content.decode()
    told = client.get(page.context["absolute_url"])
    assert told.status_code == 200
    assert told.context["call"] == call


def test_from_the_page_of_a_day_one_comes_to_its_calls(call: Call) -> None:
    client = logged_in(staff("support"))
    CallDay.objects.all().delete()
    page = client.get(page_of(CallDayFactory.create(account=call.account, day=call.day)))
    told = client.get(page.context["absolute_url"])
    assert list(told.context["page"].calls) == [call]


def test_a_day_stands_beside_what_its_report_says_and_why_it_is_not_proven(call: Call) -> None:
    CallDay.objects.all().delete()
    facts = {"calls": 1200, "fee": Decimal("7.5"), "unusable_report": "No day can be so.", "failure": "No answer."}
    day = CallDayFactory.create(account=call.account, day=call.day, **facts)
    client = logged_in(staff("support"))
    html = client.get(list_of(CallDay)).content.decode()
    assert '<td class="field-why">No day can be so. No answer.</td>' in html
    assert counted(html) == "1,200 / —"
    CallDay.objects.filter(pk=day.pk).update(reported_calls=1201, reported_fee=Decimal("7.75"))
    html = client.get(list_of(CallDay)).content.decode()
    assert counted(html) == "1,200 / 1,201"
    assert "7.50 / " in html
    assert "7.75</td>" in html


def counted(html: str) -> str:
    cell = re.search(r'<td class="field-counted">(.*?)</td>', html)
    assert cell
    return strip_tags(cell[1])


def told(client: Client, row: Call | CallChange, name: str) -> str:
    """What the page of a row says beside one of its names."""
    html = client.get(page_of(row)).content.decode()
    found = re.search(rf'field-{name}">.*?<div class="readonly">(.*?)</div>\s*</div>', html, re.DOTALL)
    assert found
    return unescape(strip_tags(found[1])).strip()


@pytest.mark.parametrize(
    ("level", "direction", "reason", "words"),
    [
        (5, 1, 17, ("international (5)", "the called side (1)", "The number was busy. (17)")),
        (-1, -1, -1, ("not stated", "not stated", "The switch does not say.")),
        (9, 7, 2000, ("9", "7", f"{end_reason(2000).words} (2000)")),
    ],
)
def test_codes_of_a_call_are_told_in_words_with_the_code(
    call: Call, level: int, direction: int, reason: int, words: tuple[str, ...]
) -> None:
    Call.objects.filter(pk=call.pk).update(call_level=level, end_direction=direction, end_reason=reason)
    client = logged_in(staff("support"))
    assert tuple(told(client, call, name) for name in ("level", "ended_by", "why")) == words
    listed = client.get(f"{list_of(Call)}?account={call.account_id}").content.decode()
    assert words[-1] in listed


def test_the_page_of_a_call_leads_to_its_agent_its_day_and_what_changed(call: Call) -> None:
    agent = AccountFactory.create(switch=call.switch, number="R-100", is_agent=True)
    Call.objects.filter(pk=call.pk).update(agent_number="R-100")
    day, _ = CallDay.objects.get_or_create(account=call.account, day=call.day)
    change = changed(call, ChangeOfRecord.EDITED)
    html = logged_in(staff("support")).get(page_of(call)).content.decode()
    assert all(f'href="{page_of(row)}"' in html for row in (agent, day, change))
    assert "was edited, −$0.25" in html


def changed(call: Call, kind: ChangeOfRecord) -> CallChange:
    fees = {"fee": Decimal("-0.25"), "agent_fee": Decimal("0.1")}
    times = {"ended_at": call.ended_at, "noticed_at": NOON}
    return CallChange.objects.create(account=call.account, kind=kind, flow_no=call.flow_no, **times, **fees)


def test_a_change_leads_to_its_call_and_says_by_how_much(call: Call) -> None:
    change, client = changed(call, ChangeOfRecord.EDITED), logged_in(staff("support"))
    listed = client.get(list_of(CallChange)).content.decode()
    assert f'href="{reverse("call", args=[call.account.public_id, call.flow_no])}"' in listed
    assert "+$0.10" in listed
    assert f'href="{page_of(call)}"' in client.get(page_of(change)).content.decode()


def test_the_calls_of_an_account_lead_to_the_page_with_its_filters(call: Call) -> None:
    client = logged_in(staff("support"))
    place = f'href="{reverse("calls", args=[call.account.public_id])}"'
    assert place in client.get(f"{list_of(Call)}?account={call.account_id}").content.decode()
    assert place not in client.get(list_of(Call)).content.decode()


def test_the_page_of_a_file_says_which_calls_it_has(call: Call) -> None:
    asked = "from=2026-11-01&to=2026-11-20&least_seconds=60"
    chosen = {"account": call.account, "zone": "Asia/Shanghai", "first": "2026-11-01", "last": "2026-11-20"}
    page = logged_in(staff("support")).get(page_of(ExportFactory.create(asked=asked, **chosen))).content.decode()
    assert f'href="{reverse("calls", args=[call.account.public_id])}?{escape(asked)}"' in page
    assert "Talked at least (s): 60 (" in page


def test_a_record_that_is_gone_leads_nowhere(call: Call) -> None:
    change, client = changed(call, ChangeOfRecord.GONE), logged_in(staff("support"))
    Call.objects.all().delete()
    assert (
        reverse("call", args=[call.account.public_id, call.flow_no])
        not in client.get(list_of(CallChange)).content.decode()
    )
    assert told(client, change, "of_call") == f"{call.flow_no}, which is here no longer"


def test_every_way_that_the_page_of_a_day_a_file_or_a_backfill_offers_is_open(call: Call) -> None:
    client = logged_in(staff("support"))
    for row in (CallDay.objects.get(), Export.objects.get(), Backfill.objects.get()):
        html = client.get(page_of(row)).content.decode()
        ways = [unescape(way) for way in re.findall(r'<a href="([^"]+account=\d[^"]*|/a/[^"]+)"', html)]
        assert ways
        assert {way: client.get(way).status_code for way in ways} == dict.fromkeys(ways, 200)


@pytest.fixture
def days() -> list[CallDay]:
    """The newest first, though the oldest came last; the list is as long as one is shown."""
    return [
        CallDayFactory.create(account=AccountFactory.create(number=f"A-{n}"), day=NOON.date() - timedelta(n), tries=n)
        for n in range(4)
    ]


def listed(client: Client, query: str = "") -> list[CallDay]:
    return list(client.get(f"{list_of(CallDay)}?{query}").context["cl"].result_list)


def test_days_come_the_newest_first(days: list[CallDay]) -> None:
    client = logged_in(staff("support"))
    assert listed(client) == days
    assert listed(client, f"account={days[1].account_id}") == [days[1]]


# Places of the columns day, account and tries.
@pytest.mark.parametrize("column", [0, 1, 7])
def test_a_short_list_of_days_is_sorted_by_any_column(days: list[CallDay], column: int) -> None:
    client = logged_in(staff("support"))
    upwards, downwards = listed(client, f"o={column}"), listed(client, f"o=-{column}")
    assert upwards == downwards[::-1] == (days[::-1] if column == 0 else days)


def test_a_long_list_of_days_is_sorted_by_the_day_alone(days: list[CallDay], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "LIST_BOUND", 4)
    client = logged_in(staff("support"))
    assert listed(client, "o=0") == days[::-1]
    for others in ("-1", "7", "-0.7", "x"):
        assert listed(client, f"o={others}") == days
    html = client.get(list_of(CallDay)).content.decode()
    assert ("?o=0" in html, "?o=1" in html, "?o=7" in html) == (True, False, False)


def test_days_are_chosen_by_whether_their_report_says_anything(days: list[CallDay]) -> None:
    CallDay.objects.filter(pk=days[2].pk).update(unusable_report="No day can be so.")
    client = logged_in(staff("support"))
    assert listed(client, "unusable_report__isempty=0") == [days[2]]
    assert listed(client, "unusable_report__isempty=1") == [days[0], days[1], days[3]]
    html = strip_tags(client.get(list_of(CallDay)).content.decode())
    assert re.search(r"By report\s+All\s+usable, or not asked for yet\s+says nothing", html)


def test_days_are_chosen_by_their_switch_and_state(days: list[CallDay]) -> None:
    CallDay.objects.filter(pk__in=[days[0].pk, days[3].pk]).update(state=DayState.DIFFERS)
    switch = days[3].account.switch_id
    assert listed(logged_in(staff("support")), f"state__exact=differs&account__switch__id__exact={switch}") == [days[3]]
