from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Account, AuditEntry, LockType, Switch
from accounts.models.account import NO_LIMIT
from billing.calls.models import DayState
from billing.topups.models import Kind, Source, TopUpState
from simulator.process import SimulatorProcess
from tests.support.factories import AccountFactory, CallDayFactory, MembershipFactory, TopUpFactory
from tests.support.logins import logged_in
from tests.support.pages import Page, context, read
from tests.support.visitors import Visitor, visitor

# Of the form behind "Log out": another one each time.
TOKEN = re.compile(rb'name="csrfmiddlewaretoken" value="\w+"')


def look(who: Visitor) -> tuple[dict[str, Any], Page]:
    answer = who.client.get(who.page())
    return context(answer), read(answer).section("Balance")


def test_the_overview_says_what_can_be_spent_and_how_old_that_is(zoe: Visitor) -> None:
    given, balance = look(zoe)
    account = Account.objects.get(pk=zoe.account.pk)
    assert account.spendable is not None
    assert given["account"].spendable == account.spendable
    assert f"${account.spendable:.4f}".rstrip("0")[:-2] in balance.words
    assert list(balance.pairs)[-1] == "Valid until"
    assert [link.address for link in balance.links if link.name.startswith("as of")] == [zoe.page()]


def test_a_warm_page_asks_the_switch_nothing(zoe: Visitor, simulator: SimulatorProcess) -> None:
    zoe.client.get(zoe.page())
    simulator.control.reset_stats()
    for place in ("", "calls/", "payments/"):
        assert zoe.client.get(zoe.page(place)).status_code == 200
    assert simulator.control.stats().total == 0


def test_htmx_gets_the_balance_alone_and_a_restored_page_the_whole(zoe: Visitor) -> None:
    part = zoe.client.get(zoe.page(), headers={"HX-Request": "true"})
    assert read(part).section("Balance").pairs
    assert read(part).headings == []
    assert read(part).window_title == ""
    assert "HX-Request" in part["Vary"]
    for header in ("HX-Boosted", "HX-History-Restore-Request"):
        whole = read(zoe.client.get(zoe.page(), headers={"HX-Request": "true", header: "true"}))
        assert whole.title == zoe.account.name
        assert whole.title in whole.window_title


def test_a_switch_that_is_down_leaves_the_last_figures_with_a_plain_sentence(
    zoe: Visitor, simulator: SimulatorProcess
) -> None:
    Account.objects.update(balance=Decimal("41.5"), overdraft=0, balance_at=timezone.now() - timedelta(hours=3))
    simulator.control.pause()
    try:
        given, balance = look(zoe)
    finally:
        simulator.control.resume()
    assert given["overview"].failure
    assert balance.pairs["Balance"].startswith("$41.50")
    assert len([note for note in balance.notes if note.startswith(given["overview"].failure)]) == 1
    (age,) = (link.name for link in balance.links if link.name.startswith("as of"))
    assert "3 h ago" in age
    assert "older than it should be" in age


def test_rubbish_from_the_switch_is_no_error_of_the_page(zoe: Visitor, simulator: SimulatorProcess) -> None:
    Account.objects.update(balance_at=timezone.now() - timedelta(hours=3))
    simulator.control.add_fault("GetCustomer", "html_403", count=1)
    given, balance = look(zoe)
    assert given["overview"].failure
    assert any(note.startswith(given["overview"].failure) for note in balance.notes)


def test_an_account_that_the_switch_never_told_about_is_shown_as_not_known(db: None) -> None:
    account = AccountFactory.create(balance=None, overdraft=None, balance_at=None, profile_at=None)
    client = logged_in(MembershipFactory.create(account=account).user)
    balance = read(client.get(f"/a/{account.public_id}/")).section("Balance")
    for figure in ("Balance", "Overdraft"):
        assert balance.pairs[figure].startswith("—")
    assert "not known yet" in balance.words


def test_an_overdraft_without_a_limit_is_told_in_words(mara: Visitor, zoe: Visitor) -> None:
    Account.objects.update(balance=Decimal(100), overdraft=NO_LIMIT, balance_at=timezone.now())
    addresses = (mara.page(), mara.page("customers/"), mara.page("topup/", zoe.account))
    overview, customers, form = (read(mara.client.get(address)) for address in addresses)
    assert overview.section("Balance").words.startswith("You can spend without a limit")
    assert overview.section("Balance").pairs["Overdraft"] == "no limit"
    assert "can spend without a limit" in customers.words
    assert "Paid from the balance of" in form.words
    assert not any("2,147" in page.words for page in (overview, customers, form))


def test_a_locked_account_says_so(zoe: Visitor) -> None:
    _, balance = look(zoe)
    assert balance.notes == []
    Account.objects.filter(pk=zoe.account.pk).update(lock_type=LockType.LOCKED, balance_at=timezone.now())
    given, balance = look(zoe)
    assert given["account"].is_locked
    assert len(balance.notes) == 1


def test_a_top_up_in_doubt_is_told_with_what_not_to_do(zoe: Visitor) -> None:
    topup = TopUpFactory.create(account=zoe.account, state=TopUpState.IN_DOUBT)
    page = read(zoe.client.get(zoe.page()))
    (note,) = page.notes
    assert "$50.00" in note
    assert "Please do not pay again." in note
    assert page.link("See it") == zoe.page(f"topups/{topup.reference}/")


def test_an_agent_is_told_of_a_transfer_whose_debit_is_in_doubt(mara: Visitor, zoe: Visitor) -> None:
    debit = TopUpFactory.create(
        account=mara.account, kind=Kind.DEBIT, source=Source.TRANSFER, amount=-50, state=TopUpState.IN_DOUBT
    )
    credit = TopUpFactory.create(account=zoe.account, source=Source.TRANSFER, debit=debit, payer=mara.account)
    for who in (mara, zoe):
        answer = who.client.get(who.page())
        assert [doubt.amount for doubt in context(answer)["overview"].doubts] == [50]
        assert len(read(answer).notes) == 1
        assert read(answer).link("See it") == zoe.page(f"topups/{credit.reference}/")


def test_more_doubts_ask_the_database_no_more_and_the_oldest_are_only_mentioned(mara: Visitor, zoe: Visitor) -> None:
    def add(doubts: int) -> None:
        for _ in range(doubts):
            debit = TopUpFactory.create(
                account=mara.account, kind=Kind.DEBIT, source=Source.TRANSFER, amount=-50, state=TopUpState.IN_DOUBT
            )
            TopUpFactory.create(account=zoe.account, source=Source.TRANSFER, debit=debit, payer=mara.account)

    def asked() -> tuple[int, Page]:
        Account.objects.update(balance_at=timezone.now())
        with CaptureQueriesContext(connection) as queries:
            answer = mara.client.get(mara.page())
        return len(queries), read(answer)

    asked()
    add(1)
    few, _ = asked()
    add(11)
    many, page = asked()
    assert many == few
    assert [link.name for link in page.links].count("See it") == 10
    assert len([note for note in page.notes if "$50.00" in note]) == 10
    assert len(page.notes) == 11


def test_days_are_called_proven_only_when_they_are(zoe: Visitor) -> None:
    today = timezone.now().astimezone(zoe.account.switch.zone).date()
    equal = {"calls": 3, "fee": Decimal("1.5"), "reported_calls": 3, "reported_fee": Decimal("1.5")}
    for back, state in ((1, DayState.PROVEN), (2, DayState.PROVEN), (3, DayState.FETCHED), (4, DayState.DIFFERS)):
        figures = equal if state == DayState.PROVEN else {**equal, "reported_fee": Decimal("1.54")}
        CallDayFactory.create(
            account=zoe.account, day=today - timedelta(days=back), state=state, fetched_at=timezone.now(), **figures
        )
    answer = zoe.client.get(zoe.page())
    overview = context(answer)["overview"]
    assert (overview.proof.proven, overview.proof.calls, overview.proof.fee) == (2, 6, 3)
    assert [difference.amount for difference in overview.proof.differences] == [Decimal("0.04")]
    assert overview.proof.unchecked == 1
    assert overview.pace_is_partial
    told = read(answer).section("Checked against the switch").words
    for figure in ("2 of the last 30 days", "6 calls", "$3.00", "$0.04", "1 day is not checked yet"):
        assert figure in told


def test_unknown_and_foreign_addresses_are_the_same_page(zoe: Visitor, switch: Switch) -> None:
    foreign = visitor(switch, "A-20418").account
    places = ("", "calls/", "payments/", "customers/", "topup/", "topup/confirm/", "topups/TU-0000000000/")
    for place in places:
        answers = [zoe.client.get(f"/a/{name}/{place}") for name in (foreign.public_id, "bcdfghjkmnpqrs")]
        assert {answer.status_code for answer in answers} == {404}
        assert len({TOKEN.sub(b"", answer.content) for answer in answers}) == 1


def test_support_sees_the_page_read_only_and_the_look_is_recorded(sam: Visitor) -> None:
    answer = sam.client.get(sam.page())
    assert "your look is recorded" in read(answer).words
    assert sam.page("topup/") not in [link.address for link in read(answer).links]
    # It would ask again every half minute, and each look is on record.
    assert b"hx-trigger" not in answer.content
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
        markup = zoe.client.get(zoe.page(place)).content
        assert b" style=" not in markup
        assert b"<style" not in markup
        assert b"<script>" not in markup
