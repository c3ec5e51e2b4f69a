"""A month's statement: its page and its PDF tell the same, to the last place, and what is not proven is said."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pypdf import PdfReader

from accounts.models import Account, AuditEntry
from billing.balances.models import Case, Cause, Payment, Reconciliation
from billing.balances.services.reconciliation import reconcile
from billing.calls.models import CallDay, DayState
from billing.lib import redis_limits
from billing.lib.days import begin_of
from billing.lib.redis_limits import Limit
from billing.statements.queries import payments as payment_queries
from billing.statements.queries.statements import statement
from billing.web import request_limits
from tests.support.factories import (
    AccountFactory,
    CallDayFactory,
    ChargeFactory,
    MembershipFactory,
    PaymentFactory,
    TopUpFactory,
    UserFactory,
)
from tests.support.logins import logged_in
from tests.support.pages import read
from tests.support.syncing import synced
from tests.support.visitors import Visitor

# Of the switch's calendar, which is Shanghai's: the 20th, 20:00.
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
TODAY = datetime.now(UTC).date()
DAY = timedelta(days=1)
OCTOBER, NOVEMBER = "2026-10", "2026-11"
FIGURES = ("payments", "calls", "agent_fees", "charges", "difference")


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def nora(db: None, clock: time_machine.Traveller) -> Visitor:
    account = AccountFactory.create(switch__time_zone="Asia/Shanghai", name="Nordic Freight AS", number="N-1")
    user = MembershipFactory.create(account=account).user
    return Visitor(user, account, logged_in(user))


def days(account: Account, first: date, last: date, opening: str = "100", **figures: str) -> Decimal:
    """Make a reconciled row for each day, with these figures on the first, and return the balance at the end."""
    values = {name: Decimal(figures.get(name, "0")) for name in FIGURES}
    day, balance = first, Decimal(opening)
    while day <= last:
        taken = values["calls"] + values["agent_fees"] + values["charges"]
        closing = balance + values["payments"] - taken + values["difference"]
        Reconciliation.objects.create(
            account=account, day=day, opening=balance, closing=closing, computed_at=NOW, **values
        )
        day, balance, values = day + DAY, closing, dict.fromkeys(FIGURES, Decimal(0))
    return balance


def called(account: Account, day: date, calls: int = 3, fee: str = "1.5", **fields: Any) -> None:
    """Make a day with calls, which is proven unless other fields are given."""
    proven = {"state": DayState.PROVEN, "reported_calls": calls, "reported_fee": Decimal(fee)}
    CallDayFactory.create(
        **{"account": account, "day": day, "calls": calls, "fee": Decimal(fee), "talk_seconds": 90 * calls}
        | {"billed_seconds": 120 * calls, "fetched_at": NOW, **proven, **fields}
    )


def page(who: Visitor, month: str = OCTOBER, account: Account | None = None) -> str:
    answer = who.client.get(who.page(f"statements/{month}/", account))
    assert answer.status_code == 200
    return read(answer).words


def links_of(who: Visitor, place: str) -> list[str]:
    """Where the links of a page lead."""
    return [link.address for link in read(who.client.get(who.page(place))).links]


def pdf(who: Visitor, month: str = OCTOBER, account: Account | None = None) -> str:
    answer = who.client.get(who.page(f"statements/{month}.pdf", account))
    assert answer.status_code == 200
    return text_of(answer.content)


def text_of(content: bytes) -> str:
    return re.sub(r"\s+", " ", " ".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages))


def amounts(text: str) -> list[str]:
    return re.findall(r"[+−]?\$[\d,]+\.\d+", text)


def paid(account: Account, at: datetime, amount: str) -> None:
    """Make a payment that came from a top-up of the portal."""
    payment = PaymentFactory.create(account=account, paid_at=at, amount=Decimal(amount))
    TopUpFactory.create(account=account, amount=Decimal(amount), payment=payment)


def october(account: Account) -> None:
    """Make an October with nothing in doubt: one top-up, one deduction, one rent, and one day with calls."""
    days(account, date(2026, 10, 1), date(2026, 10, 31), payments="45", charges="2.5", calls="1.234567")
    at = datetime(2026, 9, 30, 16, 30, tzinfo=UTC)  # 00:30 of the first, in Shanghai
    paid(account, at, "50")
    PaymentFactory.create(
        account=account, paid_at=at + DAY, amount=Decimal(-5), kind=Payment.Kind.DEDUCTION, memo="put right by hand"
    )
    ChargeFactory.create(account=account, charged_at=at + 30 * DAY, amount=Decimal("2.5"))
    for paid_at in (at - timedelta(hours=1), at + 31 * DAY):
        PaymentFactory.create(account=account, paid_at=paid_at, amount=Decimal("77.77"))
    for day in range(1, 32):
        called(account, date(2026, 10, day), 3 if day == 9 else 0, "1.234567" if day == 9 else "0")


def test_a_month_is_told_from_its_opening_to_its_closing(nora: Visitor) -> None:
    october(nora.account)
    text = page(nora)
    for told in (
        "Statement of October 2026 Nordic Freight AS · N-1",
        "1 – 31 October 2026",
        "Balance at the start $100.00 Top-ups +$50.00 Deductions −$5.00 Calls −$1.234567 Other charges −$2.50",
        "Balance at the end $141.265433",
        "1 Oct, 00:30 Top-up",
        "2 Oct, 00:30 Deduction from elsewhere · put right by hand −$5.00",
        "31 Oct, 00:30 Package rent −$2.50",
        "31 of 31 days proven: the same calls and cost as the switch reports.",
        "9 Oct ✓ proven 3 calls · 4 min 30 s $1.234567",
        "calls 3 talked 4 min 30 s billed 6 min 00 s cost $1.234567",
        "Days and times are those of the switch’s calendar, Asia/Shanghai. Amounts are in USD.",
    ):
        assert told in text
    for untold in ("77.77", "not yet explained", "So far", "differ", "customers’ calls"):
        assert untold not in text


def test_the_pdf_tells_what_the_page_tells(nora: Visitor) -> None:
    october(nora.account)
    of_page, of_pdf = page(nora), pdf(nora)
    assert sorted(amounts(of_pdf)) == sorted(amounts(of_page))
    assert len(amounts(of_pdf)) > 10
    for told in (
        "Voice portal Statement of October 2026 Nordic Freight AS · N-1",
        "1 – 31 October 2026 · Amounts in USD · Days and times of Asia/Shanghai",
        "1 Oct, 00:30",
        "from elsewhere · put right by hand",
        "31 of 31 days proven: the same calls and cost as the switch reports.",
        "Page 1 of 1",
    ):
        assert told in of_pdf


def test_the_same_statement_is_the_same_file(nora: Visitor) -> None:
    october(nora.account)
    files = [nora.client.get(nora.page(f"statements/{OCTOBER}.pdf")).content for _ in range(2)]
    assert files[0] == files[1]
    assert b"<pdfuaid:part>1</pdfuaid:part>" in files[0]


def test_the_file_is_one_to_keep_and_is_on_record(nora: Visitor) -> None:
    october(nora.account)
    answer = nora.client.get(nora.page(f"statements/{OCTOBER}.pdf"))
    assert answer["Content-Type"] == "application/pdf"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Disposition"] == 'attachment; filename="statement-N-1-2026-10.pdf"'
    assert "no-store" in answer["Cache-Control"]
    entry = AuditEntry.objects.get(action="exported")
    assert (entry.account, entry.user, entry.text) == (nora.account, nora.user, "the statement of 2026-10 as PDF")


def test_names_and_memos_are_text_in_the_pdf_whatever_they_say(nora: Visitor) -> None:
    name = '#panic("x") *bold* $x^2$ [b] @ref <label> \\ // https://example.com'
    Account.objects.filter(pk=nora.account.pk).update(name=name)
    PaymentFactory.create(account=nora.account, paid_at=datetime(2026, 10, 5, tzinfo=UTC), memo='#read("/etc/passwd")')
    text = pdf(nora)
    assert name in text
    assert '#read("/etc/passwd")' in text


def test_letters_that_no_font_has_are_told_to_both_sides(nora: Visitor, caplog: pytest.LogCaptureFixture) -> None:
    october(nora.account)
    told = "Some letters, such as of a name, cannot be printed here."
    assert told not in pdf(nora)
    Account.objects.filter(pk=nora.account.pk).update(name="李伟")
    assert told in pdf(nora)
    assert told not in page(nora)
    assert "Letters of the statement of N-1 are in no font" in caplog.text
    assert "李" not in caplog.text


def test_times_are_the_calendars_whatever_zone_the_reader_chose(nora: Visitor) -> None:
    october(nora.account)
    nora.user.time_zone = "America/New_York"
    nora.user.save()
    assert "1 Oct, 00:30 Top-up" in page(nora)
    assert "1 Oct, 00:30" in pdf(nora)


def test_a_month_that_goes_on_is_told_so_far_and_without_today(nora: Visitor) -> None:
    days(nora.account, date(2026, 11, 1), date(2026, 11, 19), calls="3")
    PaymentFactory.create(account=nora.account, paid_at=NOW, amount=Decimal("77.77"))
    for text in (page(nora, NOVEMBER), pdf(nora, NOVEMBER)):
        assert "So far. The month goes on; each day is told when it is over." in text
        assert "1 – 19 November 2026" in text
        assert "Balance at the end $97.00" in text
        assert "77.77" not in text


def test_on_its_first_day_a_month_has_nothing_to_tell_yet(nora: Visitor, clock: time_machine.Traveller) -> None:
    clock.move_to(datetime(2026, 11, 30, 17, tzinfo=UTC))  # the first of December, in Shanghai
    for text in (page(nora, "2026-12"), pdf(nora, "2026-12")):
        assert "The month has just begun. Its first day is told when it is over." in text
        assert "Balance at the start" not in text


def test_days_that_are_not_reconciled_are_named(nora: Visitor) -> None:
    days(nora.account, date(2026, 10, 4), date(2026, 10, 20), opening="10")
    days(nora.account, date(2026, 10, 22), date(2026, 10, 31), opening="7")
    for text in (page(nora), pdf(nora)):
        assert "4 days are not yet explained: 1 – 3 October, 21 October. The sums are of 4 – 31 October." in text
        assert "Over days not yet explained −$3.00" in text
    Reconciliation.objects.all().delete()
    PaymentFactory.create(account=nora.account, paid_at=datetime(2026, 10, 5, tzinfo=UTC))
    for text in (page(nora), pdf(nora)):
        assert "31 days are not yet explained: 1 – 31 October. The balances are told when they are." in text
        assert "Balance at the" not in text
        assert "None known yet." in text


def test_what_nothing_explains_is_told_with_its_cause_as_a_guess(nora: Visitor) -> None:
    days(nora.account, date(2026, 10, 1), date(2026, 10, 31), difference="-4.2")
    noon = datetime(2026, 10, 1, 4, tzinfo=UTC)
    Case.objects.create(
        account=nora.account,
        begins_at=noon - timedelta(hours=1),
        ends_at=noon,
        difference=Decimal("-4.2"),
        cause=Cause.RECORD_MISSING,
        opened_at=NOW,
    )
    for text in (page(nora), pdf(nora)):
        assert "Not explained −$4.20" in text
        assert "−$4.20 that nothing explains. It lies between 1 Oct, 11:00 and 1 Oct, 12:00. Perhaps the record" in text


def test_calls_that_are_not_proven_or_differ_say_so(nora: Visitor) -> None:
    days(nora.account, date(2026, 10, 1), date(2026, 10, 31), calls="5")
    called(nora.account, date(2026, 10, 1), 1, "2", state=DayState.DIFFERS, reported_calls=2)
    called(nora.account, date(2026, 10, 2), 1, "2.5", state=DayState.FETCHED, unreadable=2)
    text = page(nora)
    assert "1 Oct differs 1 call · 1 min 30 s $2.00" in text
    assert "2 Oct not checked yet 1 call · 1 min 30 s $2.50" in text
    for text in (page(nora), pdf(nora)):
        assert "No day is proven yet" in text
        assert "The calls of 29 days are not fetched yet. 2 records could not be read and are missing here." in text
        assert "They differ from the calls of the balance by $0.50" in text


def test_payments_that_came_to_light_since_are_told(nora: Visitor) -> None:
    october(nora.account)
    PaymentFactory.create(account=nora.account, paid_at=datetime(2026, 10, 5, tzinfo=UTC), amount=Decimal("0.01"))
    for text in (page(nora), pdf(nora)):
        assert "The payments and charges listed differ from the sums by $0.01." in text


def test_a_very_long_list_ends_at_a_bound_and_says_so(nora: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    october(nora.account)
    monkeypatch.setattr(payment_queries, "MOST_LISTED", 2)
    for text in (page(nora), pdf(nora)):
        assert "These are the first 2 of 3; the sums are of all of them." in text
        assert "Package rent" not in text
        assert "differ from the sums" not in text


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "Asia/Kolkata", "America/New_York", "Europe/Berlin", "UTC"])
def test_each_instant_is_of_one_month_and_each_closing_is_the_next_opening(nora: Visitor, zone: str) -> None:
    nora.account.switch.time_zone = zone
    days(nora.account, date(2026, 9, 1), date(2026, 9, 30), opening="1", calls="0.1")
    days(nora.account, date(2026, 10, 1), date(2026, 10, 31), opening="0.9", calls="0.2")
    days(nora.account, date(2026, 11, 1), date(2026, 11, 19), opening="0.7", calls="0.3")
    begins = [begin_of(date(2026, month, 1), nora.account.switch.zone) for month in (9, 10, 11)]
    moments = [at for begin in begins for at in (begin, begin - timedelta(microseconds=1))]
    for at in moments:
        PaymentFactory.create(account=nora.account, paid_at=at)
    told = [statement(account=nora.account, month=date(2026, month, 1), now=NOW) for month in (9, 10, 11)]
    assert [[entry.at for entry in one.entries.shown] for one in told] == [
        [begins[0], moments[3]],
        [begins[1], moments[5]],
        [begins[2]],
    ]
    assert [(one.sums.opening, one.sums.closing) for one in told if one.sums] == [
        (Decimal("1"), Decimal("0.9")),
        (Decimal("0.9"), Decimal("0.7")),
        (Decimal("0.7"), Decimal("0.4")),
    ]


@pytest.mark.parametrize(
    "month", ["2026-12", "2026-09", "2026-13", "0000-01", "2026-1", "202610", "2026-10-01", "9999-12", "x"]
)
def test_there_is_no_statement_of_other_months(nora: Visitor, month: str) -> None:
    days(nora.account, date(2026, 10, 15), date(2026, 10, 31))
    for kind in ("/", ".pdf"):
        assert nora.client.get(nora.page(f"statements/{month}{kind}")).status_code == 404


def test_months_are_listed_with_what_can_be_said_of_them(nora: Visitor) -> None:
    days(nora.account, date(2025, 12, 31), date(2026, 1, 31), opening="5")
    days(nora.account, date(2026, 10, 2), date(2026, 10, 31), opening="10", calls="1")
    days(nora.account, date(2026, 11, 1), date(2026, 11, 19), opening="9")
    noon = datetime(2026, 1, 9, 4, tzinfo=UTC)
    Case.objects.create(account=nora.account, begins_at=noon, ends_at=noon, difference=Decimal(1), opened_at=NOW)
    text = read(nora.client.get(nora.page("statements/"))).words
    assert "2026 2025 November 2026 so far balance at its end $9.00" in text
    assert "October 2026 30 of 31 days explained balance at its end $9.00" in text
    assert "February 2026 0 of 28 days explained balance at its end —" in text
    assert "January 2026 differs balance at its end $5.00" in text
    before = read(nora.client.get(nora.page("statements/?year=2025"))).words
    assert "December 2025 1 of 31 days explained balance at its end $5.00" in before
    assert "2026 so far" not in before
    Case.objects.all().delete()
    assert "January 2026 ✓ explained" in read(nora.client.get(nora.page("statements/"))).words


def test_an_account_begins_when_it_was_opened(nora: Visitor) -> None:
    Account.objects.filter(pk=nora.account.pk).update(opened_at=datetime(2026, 10, 9, 20, tzinfo=UTC))
    days(nora.account, date(2026, 10, 10), date(2026, 10, 31), opening="0")
    assert "10 – 31 October 2026" in page(nora)
    assert "October 2026 ✓ explained" in read(nora.client.get(nora.page("statements/"))).words
    assert nora.client.get(nora.page("statements/2026-09/")).status_code == 404


@pytest.mark.parametrize("asked", ["", "?year=2031", "?year=rubbish", "?year=%00"])
def test_an_account_of_which_nothing_is_known_has_this_month_alone(nora: Visitor, asked: str) -> None:
    text = read(nora.client.get(nora.page(f"statements/{asked}"))).words
    assert "November 2026 so far balance at its end —" in text
    assert "October" not in text


def test_statements_lead_to_one_another_and_payments_to_them(nora: Visitor) -> None:
    days(nora.account, date(2026, 9, 15), date(2026, 11, 19))
    links = links_of(nora, f"statements/{OCTOBER}/")
    for place in ("statements/2026-09/", "statements/2026-11/", "statements/", "statements/2026-10.pdf"):
        assert nora.page(place) in links
    assert f"{nora.page('balance/')}?from=2026-10-01&to=2026-10-31" in links
    assert not [link for link in links_of(nora, f"statements/{NOVEMBER}/") if "2026-12" in link]
    assert nora.page("statements/") in links_of(nora, "payments/")


def test_a_transfer_leads_to_the_customers_top_up(nora: Visitor) -> None:
    october(nora.account)
    reference = nora.account.topups.get().reference
    assert nora.page(f"topups/{reference}/") in links_of(nora, f"statements/{OCTOBER}/")


def test_what_its_customers_calls_cost_an_agent_is_told_to_no_other_account(nora: Visitor) -> None:
    agent = AccountFactory.create(switch=nora.account.switch, is_agent=True)
    Account.objects.filter(pk=nora.account.pk).update(parent=agent)
    owner = MembershipFactory.create(account=agent).user
    alma = Visitor(owner, agent, logged_in(owner))
    days(agent, date(2026, 10, 1), date(2026, 10, 31), agent_fees="0.031313")
    days(nora.account, date(2026, 10, 1), date(2026, 10, 31), calls="0.05")
    for text in (page(alma), pdf(alma)):
        assert "Your customers’ calls −$0.031313" in text
    for text in (page(nora), pdf(nora), page(alma, account=nora.account), pdf(alma, account=nora.account)):
        assert "Calls −$0.05" in text
        assert "customers’ calls" not in text
    for kind in ("/", ".pdf"):
        assert nora.client.get(alma.page(f"statements/{OCTOBER}{kind}")).status_code == 404
        assert logged_in(UserFactory.create()).get(nora.page(f"statements/{OCTOBER}{kind}")).status_code == 404


def test_too_many_files_in_a_minute_have_to_wait(nora: Visitor) -> None:
    days(nora.account, date(2026, 10, 1), date(2026, 10, 31))
    most = request_limits.STATEMENT.of_a_person
    for _ in range(most - 1):
        redis_limits.spend([Limit(f"statement:user:{nora.user.pk}", most)], window=request_limits.MINUTE)
    codes = [nora.client.get(nora.page(f"statements/{OCTOBER}.pdf")).status_code for _ in range(2)]
    assert codes == [200, 429]
    assert AuditEntry.objects.filter(action="exported").count() == 1


def test_more_days_and_payments_ask_the_database_no_more(nora: Visitor) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            page(nora)
        return len(queries)

    october(nora.account)
    asked()  # the first page of a session writes the session down
    few = asked()
    for hour in range(20):
        at = datetime(2026, 10, 5, hour, tzinfo=UTC)
        paid(nora.account, at, "1")
        ChargeFactory.create(account=nora.account, charged_at=at)
    CallDay.objects.update(calls=2, reported_calls=2)
    assert asked() == few


def test_its_figures_are_those_of_the_balance_and_the_switchs_ledger(zoe: Visitor) -> None:
    yesterday = TODAY - DAY
    month = f"{yesterday:%Y-%m}"
    for account in synced(zoe.account, TODAY):
        reconcile(account=account, first=TODAY - 9 * DAY, last=TODAY, now=datetime.now(UTC))
    first = max(TODAY - 9 * DAY, yesterday.replace(day=1))
    explained = read(zoe.client.get(f"{zoe.page('balance/')}?from={first}&to={yesterday}")).words
    of_page, of_pdf = page(zoe, month), pdf(zoe, month)
    assert sorted(amounts(of_pdf)) == sorted(amounts(of_page))
    sums = explained[explained.index("Balance at the start") : explained.index("Balance at the end of each day")]
    assert sums.strip() in of_page
    assert f"{zoe.account.call_days.get(day=yesterday).calls:,} call" in of_page
