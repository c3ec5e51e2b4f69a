"""The calls of a filter as a file: the page's rows, in the reader's zone, and nothing that a spreadsheet runs."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from unittest.mock import patch
from xml.etree import ElementTree
from zipfile import ZipFile
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import AuditAction, AuditEntry
from billing.call_history.queries import rows as call_rows
from billing.call_history.tables import CallTable
from billing.calls.models import Call
from billing.calls.services import partitions
from billing.exports.models import Export
from billing.exports.services import requests as export_requests
from billing.exports.views import direct
from billing.lib import spreadsheets
from tests.support.factories import AccountFactory, CallFactory, ExportFactory, MembershipFactory
from tests.support.logins import logged_in
from tests.support.pages import addresses, context, read
from tests.support.staffsite import staff
from tests.support.visitors import Visitor

NOON = datetime(2026, 10, 14, 12, 0, 0, tzinfo=UTC)
DAYS = "from=2026-10-10&to=2026-10-14"
EVER = "from=2026-08-01&to=2026-10-14"
SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
PASSWORD = "correct horse battery"
# What Excel counts its days from.
EXCEL_BEGAN = datetime(1899, 12, 30)  # noqa: DTZ001  # a spreadsheet's time has no zone


@pytest.fixture
def zoe(db: None) -> Visitor:
    partitions.ensure(months=[date(2026, 8, 1), date(2026, 9, 1), date(2026, 10, 1)])
    account = AccountFactory.create(switch__time_zone="Asia/Tokyo", balance_at=timezone.now())
    user = MembershipFactory.create(account=account).user
    return Visitor(user, account, logged_in(user))


def call(zoe: Visitor, at: datetime = NOON, **fields: Any) -> Call:
    made: Call = CallFactory.create(account=zoe.account, started_at=at, **fields)
    return made


def csv_rows(zoe: Visitor, query: str = DAYS) -> list[list[str]]:
    answer = zoe.client.get(f"{zoe.page('calls/csv/')}?{query}")
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    return list(csv.reader(io.StringIO(answer.getvalue().decode("utf-8-sig"))))


def xlsx_rows(zoe: Visitor, query: str = DAYS) -> list[list[tuple[str | None, str]]]:
    """The kind of each cell and what it holds."""
    answer = zoe.client.get(f"{zoe.page('calls/xlsx/')}?{query}")
    assert answer.status_code == 200
    with ZipFile(io.BytesIO(answer.getvalue())) as book:
        sheet = ElementTree.fromstring(book.read("xl/worksheets/sheet1.xml"))  # noqa: S314  # our own
    assert not list(sheet.iter(f"{SHEET}f"))
    return [[(cell.get("t"), "".join(cell.itertext())) for cell in row] for row in sheet.iter(f"{SHEET}row")]


def sheet_rows(book: bytes, number: int) -> list[list[str]]:
    with ZipFile(io.BytesIO(book)) as parts:
        sheet = ElementTree.fromstring(parts.read(f"xl/worksheets/sheet{number}.xml"))  # noqa: S314  # our own
    return [["".join(cell.itertext()) for cell in row] for row in sheet.iter(f"{SHEET}row")]


def callees_of_the_page(zoe: Visitor, query: str) -> list[str]:
    """On all of its pages."""
    found: list[str] = []
    place = f"?{query}"
    while place:
        shown = zoe.client.get(zoe.page("calls/") + place).context
        found += [row.callee for row in shown["page"].calls]
        place = shown["older"]
    return found


@pytest.mark.parametrize(
    "narrowed",
    ["", "&answered=no", "&callee=86139", "&answered=rubbish", "&after=rubbish", "&order=longest", "&order=dearest"],
)
def test_a_file_has_the_rows_that_the_page_lists_in_its_order(zoe: Visitor, narrowed: str) -> None:
    for number in range(60):
        at = NOON - timedelta(hours=number * 3)
        figures = {"talk_seconds": number % 3, "fee": Decimal(number * 7 % 5)}
        call(zoe, at, callee=f"{'86139' if number % 2 else '86138'}{number:04}", **figures)
    listed = callees_of_the_page(zoe, DAYS + narrowed)
    assert listed
    assert [row[2] for row in csv_rows(zoe, DAYS + narrowed)[1:]] == listed
    assert [row[2] for row in xlsx_rows(zoe, DAYS + narrowed)[1:]] == [("inlineStr", callee) for callee in listed]


def test_times_are_the_readers_and_days_begin_where_theirs_do(zoe: Visitor) -> None:
    zoe.user.time_zone = "Asia/Kolkata"
    zoe.user.save()
    call(zoe, datetime(2026, 10, 9, 18, 29, 59, tzinfo=UTC))
    call(zoe, datetime(2026, 10, 9, 18, 30, 0, tzinfo=UTC), fee=Decimal("1234567890.123456"))
    titles, row = csv_rows(zoe)
    assert titles == ["Began (Asia/Kolkata)", "From", "To", "Seconds talked", "Seconds billed", "Cost (USD)"]
    assert row == ["2026-10-10 00:00:00", "442079460000", "8613900000000", "60", "60", "1234567890.123456"]
    began = xlsx_rows(zoe)[1][0]
    assert EXCEL_BEGAN + timedelta(days=float(began[1])) == datetime(2026, 10, 10)  # noqa: DTZ001  # as above


@pytest.mark.parametrize(
    ("zone", "changed"),
    [
        ("America/New_York", datetime(2026, 11, 1, 6, tzinfo=UTC)),
        ("Australia/Lord_Howe", datetime(2026, 10, 3, 15, 30, tzinfo=UTC)),  # by half an hour
        ("Asia/Kathmandu", datetime(2026, 10, 3, 15, 30, tzinfo=UTC)),  # never
    ],
)
def test_times_agree_with_the_zone_while_its_clocks_are_changed(zoe: Visitor, zone: str, changed: datetime) -> None:
    partitions.ensure(months=[date(2026, 11, 1)])
    zoe.user.time_zone = zone
    zoe.user.save()
    starts = [changed + timedelta(minutes=minutes) for minutes in range(1500, -1500, -97)]
    for at in starts:
        call(zoe, at + timedelta(milliseconds=700))
    days = (changed.date() + timedelta(days=days) for days in (-3, 3))
    rows = csv_rows(zoe, "from={}&to={}".format(*days))[1:]
    assert [row[0] for row in rows] == [f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M:%S}" for at in starts]


def test_a_sheet_that_is_full_is_followed_by_the_next(zoe: Visitor) -> None:
    for hours in range(5):
        call(zoe, NOON - timedelta(hours=hours), callee=f"86{hours}")
    with patch.object(spreadsheets, "ROWS_IN_A_SHEET", 2):
        book = zoe.client.get(f"{zoe.page('calls/xlsx/')}?{DAYS}").getvalue()
    callees = [[row[2] for row in sheet_rows(book, number)] for number in (1, 2, 3)]
    assert callees == [["To", "860", "861"], ["To", "862", "863"], ["To", "864"]]


def test_what_a_spreadsheet_would_run_is_text(zoe: Visitor) -> None:
    call(zoe, caller='=HYPERLINK("https://example.com")', callee="+8613900000000")
    call(zoe, NOON - timedelta(hours=1), caller="@SUM(1)", callee="-1")
    call(zoe, NOON - timedelta(hours=2), caller="\t=1", callee='5"=6')
    rows = csv_rows(zoe)
    assert rows[1][1:3] == ['\'=HYPERLINK("https://example.com")', "'+8613900000000"]
    assert rows[2][1:3] == ["'@SUM(1)", "'-1"]
    assert rows[3][1:3] == ["'\t'=1", '5"=6']
    assert xlsx_rows(zoe)[1][1:3] == [
        ("inlineStr", '=HYPERLINK("https://example.com")'),
        ("inlineStr", "+8613900000000"),
    ]


def test_numbers_are_text_and_sums_are_numbers(zoe: Visitor) -> None:
    call(zoe, callee="00447700900001")
    answer = zoe.client.get(f"{zoe.page('calls/csv/')}?{DAYS}").getvalue().decode()
    assert '"442079460000","00447700900001",60,60,0.050000' in answer
    assert xlsx_rows(zoe)[1][2:] == [("inlineStr", "00447700900001"), (None, "60"), (None, "60"), (None, "0.050000")]


def test_what_the_agent_pays_is_not_even_read(zoe: Visitor) -> None:
    call(zoe, agent_fee=Decimal("0.031313"))
    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert "0.031313" not in str(csv_rows(zoe))
    assert not [query for query in asked.captured_queries if '"agent_fee"' in query["sql"]]


def test_too_many_calls_lead_to_where_a_worker_prepares_them(zoe: Visitor) -> None:
    for hours in range(3):
        call(zoe, NOON - timedelta(hours=hours))
    with patch.object(direct, "MOST_CALLS", 2):
        for kind in ("csv", "xlsx"):
            answer = zoe.client.get(f"{zoe.page(f'calls/{kind}/')}?{DAYS}&callee=86", follow=True)
            assert answer.redirect_chain == [(f"{zoe.page('exports/')}?{DAYS}&callee=86", 302)]
            table = context(answer)["table"]
            assert (table.first, table.last) == (date(2026, 10, 10), date(2026, 10, 14))
            assert "Called number begins with 86" in read(answer).words
            assert "Longest first" not in read(answer).words
            by_length = zoe.client.get(f"{zoe.page(f'calls/{kind}/')}?{DAYS}&order=longest", follow=True)
            assert "· Longest first" in read(by_length).words
    assert not Export.objects.exists()
    with patch.object(direct, "MOST_CALLS", 3):
        assert len(csv_rows(zoe)) == 4


def test_calls_that_take_too_long_to_look_through_lead_there_too(zoe: Visitor) -> None:
    def slowly(_: CallTable, **__: object) -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(10)")
        return 0

    impatient = patch.object(direct, "LONGEST_TO_COUNT", timedelta(milliseconds=20))
    with impatient, patch.object(CallTable, "count", slowly):
        assert zoe.client.get(f"{zoe.page('calls/csv/')}?{DAYS}")["Location"] == f"{zoe.page('exports/')}?{DAYS}"
    assert len(csv_rows(zoe)) == 1


def test_the_page_leads_to_files_of_the_same_filter(zoe: Visitor) -> None:
    without_calls = addresses(zoe.client.get(f"{zoe.page('calls/')}?{DAYS}"))
    assert not any("calls/csv/" in address for address in without_calls)
    call(zoe)
    offered = addresses(zoe.client.get(f"{zoe.page('calls/')}?{DAYS}&callee=86&after=x"))
    assert {f"{zoe.page(f'calls/{kind}/')}?{DAYS}&callee=86" for kind in ("csv", "xlsx")} <= offered


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_the_whole_history_wants_a_fresh_login_and_then_comes(zoe: Visitor, kind: str) -> None:
    call(zoe, datetime(2026, 8, 2, tzinfo=UTC))
    call(zoe)
    zoe.user.set_password(PASSWORD)
    zoe.user.save()
    zoe.client.force_login(zoe.user)
    asked = zoe.client.get(f"{zoe.page(f'calls/{kind}/')}?{EVER}")
    assert asked["Location"].startswith("/account/reauthenticate/?next=")
    assert not AuditEntry.objects.filter(action=AuditAction.EXPORTED).exists()
    done = zoe.client.post(asked["Location"], {"password": PASSWORD}, follow=True)
    assert f"calls-2026-08-01-2026-10-14.{kind}" in done["Content-Disposition"]
    assert done.getvalue()


def test_a_month_does_not_and_each_further_day_does(zoe: Visitor) -> None:
    """Whether it is taken in one piece or in many, and as which kind of file."""
    assert csv_rows(zoe, "from=2026-09-14&to=2026-10-10")
    assert xlsx_rows(zoe, DAYS)
    assert csv_rows(zoe, "from=2026-09-20&to=2026-10-13")
    for pieces in ("from=2026-09-13&to=2026-09-13", "from=2026-10-15&to=2026-10-15", "from=2026-09-13&to=2026-10-14"):
        for kind in ("csv", "xlsx"):
            asked = zoe.client.get(f"{zoe.page(f'calls/{kind}/')}?{pieces}")
            assert asked["Location"].startswith("/account/reauthenticate/?next=")
    assert Export.objects.count() == 3


def test_days_of_another_account_another_person_and_the_day_before_do_not_count(zoe: Visitor) -> None:
    month = {"first": date(2026, 9, 1), "last": date(2026, 10, 1), "state": "sent", "ended_at": NOON}
    ExportFactory.create(account=AccountFactory.create(), asked_by=zoe.user, **month)
    ExportFactory.create(account=zoe.account, **month)
    ExportFactory.create(
        account=zoe.account,
        asked_by=zoe.user,
        asked_at=timezone.now() - export_requests.LATELY - timedelta(seconds=1),
        **month,
    )
    # What was taken with a fresh login is paid for.
    ExportFactory.create(account=zoe.account, asked_by=zoe.user, was_fresh=True, **month)
    assert csv_rows(zoe)
    ExportFactory.create(account=zoe.account, asked_by=zoe.user, **month)
    assert zoe.client.get(f"{zoe.page('calls/csv/')}?{DAYS}").status_code == 302


def test_an_export_is_in_the_audit_trail(zoe: Visitor) -> None:
    call(zoe)
    support = staff("support")
    csv_rows(Visitor(support, zoe.account, logged_in(support)), f"{DAYS}&callee=86139")
    entry = AuditEntry.objects.get(action=AuditAction.EXPORTED)
    assert (entry.user, entry.account) == (support, zoe.account)
    assert entry.text == "1 calls of 2026-10-10 to 2026-10-14 as CSV"


def test_what_comes_while_a_file_is_sent_is_not_in_it(zoe: Visitor) -> None:
    """Many more rows than the cursor takes at a time."""
    account = zoe.account
    for minutes in range(40):
        call(zoe, NOON - timedelta(minutes=minutes))
    with patch.object(call_rows, "AT_ONCE", 5), patch.object(spreadsheets, "ROWS_AT_ONCE", 5):
        pieces = iter(zoe.client.get(f"{zoe.page('calls/csv/')}?{DAYS}"))
        first = next(pieces)
        Call.objects.filter(account=account, started_at__lt=NOON - timedelta(minutes=30)).delete()
        call(zoe, NOON - timedelta(hours=5))
        assert first.count(b"\r\n") == 6
        assert b"".join(pieces).count(b"\r\n") == 35


@pytest.mark.parametrize("kind", ["pdf", "CSV", "csv-x"])
def test_there_is_no_other_kind_of_file(zoe: Visitor, kind: str) -> None:
    assert zoe.client.get(zoe.page(f"calls/{kind}/")).status_code == 404
