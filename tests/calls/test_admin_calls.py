"""What the staff site says of calls and of their days, and the way from there to what the customer reads."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from accounts.staff_pages import paging
from billing.calls.models import (
    Backfill,
    Call,
    CallChange,
    CallDay,
    ChangeOfRecord,
    DayState,
    UnreadableRecord,
    UnusableReport,
)
from billing.calls.queries.end_reasons import end_reason
from billing.exports.models import Export, ExportFailure, ExportState
from billing.lib.reasons import Because
from billing.switches.models import SwitchFailure
from tests.support.factories import NOON, AccountFactory, CallDayFactory, ExportFactory
from tests.support.logins import logged_in
from tests.support.pages import context, read
from tests.support.staff_pages import facts, listed
from tests.support.staffsite import full_account, list_of, page_of, staff

pytestmark = pytest.mark.django_db

IMPOSSIBLE = Because(UnusableReport.IMPOSSIBLE, {"calls": 3, "fee": "1E+30"})


@pytest.fixture
def call() -> Call:
    call: Call = full_account().calls.get()
    return call


def test_from_the_page_of_a_call_one_comes_to_what_its_customer_reads(call: Call) -> None:
    client = logged_in(staff("support"))
    page = client.get(page_of(call))
    assert facts(page)["started_at"].words == f"{call.started_at:%-d %b %Y, %H:%M:%S}"
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
    told = {"unusable_report": IMPOSSIBLE, "failure": SwitchFailure.TOO_LATE}
    day = CallDayFactory.create(account=call.account, day=call.day, calls=1200, fee=Decimal("7.5"), **told)
    client = logged_in(staff("support"))
    (row,) = listed(client.get(list_of(CallDay)))
    assert row["why"].words == "No day can be so: 3 calls, 1E+30 in all. The switch did not answer in time."
    assert row["counted"].words == "1,200 / —"
    assert row["charged"].words == "$7.50 / —"
    CallDay.objects.filter(pk=day.pk).update(reported_calls=1201, reported_fee=Decimal("7.75"))
    (row,) = listed(client.get(list_of(CallDay)))
    assert row["counted"].words == "1,200 / 1,201"
    assert row["charged"].words == "$7.50 / $7.75"


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
    said = facts(client.get(page_of(call)))
    assert tuple(said[name].words for name in ("level", "ended_by", "why")) == words
    (row,) = listed(client.get(f"{list_of(Call)}?account={call.account_id}"))
    assert row["why"].words == words[-1]


def test_the_page_of_a_call_leads_to_its_agent_its_day_and_what_changed(call: Call) -> None:
    agent = AccountFactory.create(switch=call.switch, number="R-100", is_agent=True)
    Call.objects.filter(pk=call.pk).update(agent_number="R-100")
    day, _ = CallDay.objects.get_or_create(account=call.account, day=call.day)
    change = changed(call, ChangeOfRecord.EDITED)
    said = facts(logged_in(staff("support")).get(page_of(call)))
    links = {name: [link.address for link in said[name].links] for name in ("of_agent", "of_day", "changes")}
    assert links == {"of_agent": [page_of(agent)], "of_day": [page_of(day)], "changes": [page_of(change)]}
    assert said["changes"].words.endswith("was edited, −$0.25")


def changed(call: Call, kind: ChangeOfRecord) -> CallChange:
    fees = {"fee": Decimal("-0.25"), "agent_fee": Decimal("0.1")}
    times = {"ended_at": call.ended_at, "noticed_at": NOON}
    return CallChange.objects.create(account=call.account, kind=kind, flow_no=call.flow_no, **times, **fees)


def test_a_change_leads_to_its_call_and_says_by_how_much(call: Call) -> None:
    change, client = changed(call, ChangeOfRecord.EDITED), logged_in(staff("support"))
    row = next(row for row in listed(client.get(list_of(CallChange))) if row["kind"].words == change.get_kind_display())
    assert row["record"].link(str(call.flow_no)) == reverse("call", args=[call.account.public_id, call.flow_no])
    assert row["agent_moved"].words == "+$0.10"
    assert facts(client.get(page_of(change)))["of_call"].link(str(call)) == page_of(call)


def test_the_calls_of_an_account_lead_to_the_page_with_its_filters(call: Call) -> None:
    client = logged_in(staff("support"))
    place = reverse("calls", args=[call.account.public_id])
    chosen = read(client.get(f"{list_of(Call)}?account={call.account_id}"))
    assert place in {link.address for link in chosen.links}
    assert place not in {link.address for link in read(client.get(list_of(Call))).links}


def test_the_page_of_a_file_says_which_calls_it_has(call: Call) -> None:
    asked = "from=2026-11-01&to=2026-11-20&least_seconds=60"
    chosen = {"account": call.account, "zone": "Asia/Shanghai", "first": "2026-11-01", "last": "2026-11-20"}
    page = read(logged_in(staff("support")).get(page_of(ExportFactory.create(asked=asked, **chosen))))
    assert f"{reverse('calls', args=[call.account.public_id])}?{asked}" in {link.address for link in page.links}
    assert "Talked at least (s): 60 (" in page.words


def test_a_record_that_is_gone_leads_nowhere(call: Call) -> None:
    change, client = changed(call, ChangeOfRecord.GONE), logged_in(staff("support"))
    Call.objects.all().delete()
    place = reverse("call", args=[call.account.public_id, call.flow_no])
    assert place not in {link.address for link in read(client.get(list_of(CallChange))).links}
    of_call = facts(client.get(page_of(change)))["of_call"]
    assert (of_call.words, of_call.links) == (f"{call.flow_no}, which is here no longer", [])


def test_every_way_that_the_page_of_a_day_a_file_or_a_backfill_offers_is_open(call: Call) -> None:
    client = logged_in(staff("support"))
    for row in (CallDay.objects.get(), Export.objects.get(), Backfill.objects.get()):
        links = [link.address for link in read(client.get(page_of(row))).links]
        ways = [way for way in links if "account=" in way or way.startswith("/a/")]
        assert ways
        assert {way: client.get(way).status_code for way in ways} == dict.fromkeys(ways, 200)


@pytest.fixture
def days() -> list[CallDay]:
    """The newest first, though the oldest came last; the list is as long as one is shown."""
    return [
        CallDayFactory.create(account=AccountFactory.create(number=f"A-{n}"), day=NOON.date() - timedelta(n), tries=n)
        for n in range(4)
    ]


def days_listed(client: Client, query: str = "") -> list[CallDay]:
    return list(client.get(f"{list_of(CallDay)}?{query}").context["cl"].result_list)


def test_days_come_the_newest_first(days: list[CallDay]) -> None:
    client = logged_in(staff("support"))
    assert days_listed(client) == days
    assert days_listed(client, f"account={days[1].account_id}") == [days[1]]


# Places of the columns day, account and tries.
@pytest.mark.parametrize("column", [0, 1, 7])
def test_a_short_list_of_days_is_sorted_by_any_column(days: list[CallDay], column: int) -> None:
    client = logged_in(staff("support"))
    upwards, downwards = days_listed(client, f"o={column}"), days_listed(client, f"o=-{column}")
    assert upwards == downwards[::-1] == (days[::-1] if column == 0 else days)


def test_a_long_list_of_days_is_sorted_by_the_day_alone(days: list[CallDay], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "LIST_BOUND", 4)
    client = logged_in(staff("support"))
    assert days_listed(client, "o=0") == days[::-1]
    for others in ("-1", "7", "-0.7", "x"):
        assert days_listed(client, f"o={others}") == days
    links = {link.address for link in read(client.get(list_of(CallDay))).links}
    assert ("?o=0" in links, "?o=1" in links, "?o=7" in links) == (True, False, False)


def test_a_record_that_cannot_be_read_and_a_file_that_was_not_made_say_why(call: Call) -> None:
    why = Because(ExportFailure.GIVEN_UP, {"times": 3})
    ExportFactory.create(account=call.account, state=ExportState.FAILED, ended_at=NOON, why=why)
    client = logged_in(staff("support"))
    (record,) = listed(client.get(list_of(UnreadableRecord)))
    assert record["reason"].words == "not a record"
    (file,) = listed(client.get(f"{list_of(Export)}?state__exact=failed"))
    assert file["why"].words.startswith("It was begun 3 times and never came to its end.")


def test_days_are_chosen_by_whether_their_report_says_anything(days: list[CallDay]) -> None:
    CallDay.objects.filter(pk=days[2].pk).update(unusable_report=IMPOSSIBLE)
    client = logged_in(staff("support"))
    assert days_listed(client, "unusable_report__isempty=0") == [days[2]]
    assert days_listed(client, "unusable_report__isempty=1") == [days[0], days[1], days[3]]
    changelist = context(client.get(list_of(CallDay)))["cl"]
    (of_report,) = (
        choices for choices in changelist.filter_specs if getattr(choices, "field_path", "") == "unusable_report"
    )
    assert [choice["display"] for choice in of_report.choices(changelist)][1:] == [
        "usable, or not asked for yet",
        "says nothing",
    ]


def test_days_are_chosen_by_their_switch_and_state(days: list[CallDay]) -> None:
    CallDay.objects.filter(pk__in=[days[0].pk, days[3].pk]).update(state=DayState.DIFFERS)
    switch = days[3].account.switch_id
    assert days_listed(logged_in(staff("support")), f"state__exact=differs&account__switch__id__exact={switch}") == [
        days[3]
    ]
