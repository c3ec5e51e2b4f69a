from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Account, AuditEntry, LockType, Switch
from accounts.models.account import NO_LIMIT
from billing.models import DayState, Kind, Source, TopUpState
from simulator.process import SimulatorProcess
from tests.support.factories import AccountFactory, CallDayFactory, MembershipFactory, TopUpFactory
from tests.support.logins import logged_in
from tests.support.visitors import Visitor, visitor

# Of the form behind "Log out": another one each time.
TOKEN = re.compile(rb'name="csrfmiddlewaretoken" value="\w+"')


def test_the_overview_says_what_can_be_spent_and_how_old_that_is(zoe: Visitor) -> None:
    html = zoe.client.get(zoe.page()).content.decode()
    account = Account.objects.get(pk=zoe.account.pk)
    assert account.spendable is not None
    assert f"${account.spendable:.4f}".rstrip("0")[:-2] in html
    assert "as of <time" in html
    assert "Valid until" in html


def test_a_warm_page_asks_the_switch_nothing(zoe: Visitor, simulator: SimulatorProcess) -> None:
    zoe.client.get(zoe.page())
    simulator.control.reset_stats()
    for place in ("", "calls/", "payments/"):
        assert zoe.client.get(zoe.page(place)).status_code == 200
    assert simulator.control.stats().total == 0


def test_htmx_gets_the_balance_alone_and_a_restored_page_the_whole(zoe: Visitor) -> None:
    part = zoe.client.get(zoe.page(), headers={"HX-Request": "true"})
    assert 'id="balance"' in part.content.decode()
    assert "<html" not in part.content.decode()
    assert "HX-Request" in part["Vary"]
    for header in ("HX-Boosted", "HX-History-Restore-Request"):
        whole = zoe.client.get(zoe.page(), headers={"HX-Request": "true", header: "true"})
        assert "<html" in whole.content.decode()


def test_a_switch_that_is_down_leaves_the_last_figures_with_a_plain_sentence(
    zoe: Visitor, simulator: SimulatorProcess
) -> None:
    Account.objects.update(balance=Decimal("41.5"), overdraft=0, balance_at=timezone.now() - timedelta(hours=3))
    simulator.control.pause()
    try:
        html = zoe.client.get(zoe.page()).content.decode()
    finally:
        simulator.control.resume()
    assert "$41.50" in html
    assert "3 h ago" in html
    assert "The switch cannot be reached." in html
    assert 'class="fresh old"' in html


def test_rubbish_from_the_switch_is_no_error_of_the_page(zoe: Visitor, simulator: SimulatorProcess) -> None:
    Account.objects.update(balance_at=timezone.now() - timedelta(hours=3))
    simulator.control.add_fault("GetCustomer", "html_403", count=1)
    answer = zoe.client.get(zoe.page())
    assert answer.status_code == 200
    assert "last known figures" in answer.content.decode()


def test_an_account_that_the_switch_never_told_about_is_shown_as_not_known(db: None) -> None:
    account = AccountFactory.create(balance=None, overdraft=None, balance_at=None, profile_at=None)
    client = logged_in(MembershipFactory.create(account=account).user)
    html = client.get(f"/a/{account.public_id}/").content.decode()
    assert "not known yet" in html
    assert "—" in html


def test_an_overdraft_without_a_limit_is_told_in_words(mara: Visitor, zoe: Visitor) -> None:
    Account.objects.update(balance=Decimal(100), overdraft=NO_LIMIT, balance_at=timezone.now())
    pages = (mara.page(), mara.page("customers/"), mara.page("topup/", zoe.account))
    overview, customers, form = (mara.client.get(page).content.decode() for page in pages)
    assert re.search(r"You can spend</p>\s*<p class=\"amount \">\s*without a limit", overview)
    assert re.search(r"Overdraft</dt>\s*<dd class=\"num\">\s*no limit", overview)
    assert "can spend without a limit" in customers
    assert "Paid from the balance of" in form
    assert "2,147" not in overview + customers + form


def test_a_locked_account_says_so(zoe: Visitor) -> None:
    Account.objects.filter(pk=zoe.account.pk).update(lock_type=LockType.LOCKED, balance_at=timezone.now())
    assert "This account is locked." in zoe.client.get(zoe.page()).content.decode()


def test_a_top_up_in_doubt_is_told_with_what_not_to_do(zoe: Visitor) -> None:
    topup = TopUpFactory.create(account=zoe.account, state=TopUpState.IN_DOUBT)
    html = zoe.client.get(zoe.page()).content.decode()
    assert "$50.00 is being checked with the switch." in html
    assert "Please do not pay again." in html
    assert zoe.page(f"topups/{topup.reference}/") in html


def test_an_agent_is_told_of_a_transfer_whose_debit_is_in_doubt(mara: Visitor, zoe: Visitor) -> None:
    debit = TopUpFactory.create(
        account=mara.account, kind=Kind.DEBIT, source=Source.TRANSFER, amount=-50, state=TopUpState.IN_DOUBT
    )
    credit = TopUpFactory.create(account=zoe.account, source=Source.TRANSFER, debit=debit, payer=mara.account)
    for who in (mara, zoe):
        html = who.client.get(who.page()).content.decode()
        assert "$50.00 is being checked with the switch." in html
        assert zoe.page(f"topups/{credit.reference}/") in html


def test_more_doubts_ask_the_database_no_more_and_the_oldest_are_only_mentioned(mara: Visitor, zoe: Visitor) -> None:
    def add(doubts: int) -> None:
        for _ in range(doubts):
            debit = TopUpFactory.create(
                account=mara.account, kind=Kind.DEBIT, source=Source.TRANSFER, amount=-50, state=TopUpState.IN_DOUBT
            )
            TopUpFactory.create(account=zoe.account, source=Source.TRANSFER, debit=debit, payer=mara.account)

    def asked() -> tuple[int, str]:
        Account.objects.update(balance_at=timezone.now())
        with CaptureQueriesContext(connection) as queries:
            html = mara.client.get(mara.page()).content.decode()
        return len(queries), html

    asked()
    add(1)
    few, _ = asked()
    add(11)
    many, html = asked()
    assert many == few
    assert html.count("$50.00 is being checked with the switch.") == 10
    assert html.count("Earlier top-ups are being checked too.") == 1


def test_days_are_called_proven_only_when_they_are(zoe: Visitor) -> None:
    today = timezone.now().astimezone(zoe.account.switch.zone).date()
    equal = {"calls": 3, "fee": Decimal("1.5"), "reported_calls": 3, "reported_fee": Decimal("1.5")}
    for back, state in ((1, DayState.PROVEN), (2, DayState.PROVEN), (3, DayState.FETCHED), (4, DayState.DIFFERS)):
        figures = equal if state == DayState.PROVEN else {**equal, "reported_fee": Decimal("1.54")}
        CallDayFactory.create(
            account=zoe.account, day=today - timedelta(days=back), state=state, fetched_at=timezone.now(), **figures
        )
    html = zoe.client.get(zoe.page()).content.decode()
    assert "2 of the last 30 days proven: 6 calls" in html
    assert "differs by $0.04" in html
    assert "1 day is not checked yet" in html
    assert "How long it lasts is told once the last days are fetched." in html


def test_unknown_and_foreign_addresses_are_the_same_page(zoe: Visitor, switch: Switch) -> None:
    foreign = visitor(switch, "A-20418").account
    places = ("", "calls/", "payments/", "customers/", "topup/", "topup/confirm/", "topups/TU-0000000000/")
    for place in places:
        answers = [zoe.client.get(f"/a/{name}/{place}") for name in (foreign.public_id, "bcdfghjkmnpqrs")]
        assert {answer.status_code for answer in answers} == {404}
        assert len({TOKEN.sub(b"", answer.content) for answer in answers}) == 1


def test_support_sees_the_page_read_only_and_the_look_is_recorded(sam: Visitor) -> None:
    html = sam.client.get(sam.page()).content.decode()
    assert "your look is recorded" in html
    assert "Top up" not in html
    assert "hx-trigger" not in html
    look = AuditEntry.objects.get(action="looked")
    assert (look.user, look.account, look.text) == (sam.user, sam.account, sam.page())
    assert sam.client.get(sam.page("topup/")).status_code == 404


def test_opening_a_page_is_noted_on_the_account_once_a_minute(zoe: Visitor) -> None:
    zoe.client.get(zoe.page())
    first = Account.objects.get(pk=zoe.account.pk).viewed_at
    zoe.client.get(zoe.page())
    assert first is not None
    assert Account.objects.get(pk=zoe.account.pk).viewed_at == first


def test_no_page_has_an_inline_script_or_style(zoe: Visitor) -> None:
    for place in ("", "calls/", "payments/"):
        html = zoe.client.get(zoe.page(place)).content.decode()
        assert " style=" not in html
        assert "<style" not in html
        assert "<script>" not in html
