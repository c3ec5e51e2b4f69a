"""What staff see of a top-up that is to be judged, and what two of them can do about it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import Account, AuditEntry, Switch
from billing.balances.models import BalanceReading
from billing.balances.services import profiles
from billing.calls.services import partitions
from billing.lib.reasons import Because
from billing.topups.models import CardFinding, LookUp, ReissueReason, TopUp, TopUpReason, TopUpState
from billing.topups.queries.evidence import Match
from billing.topups.services import decisions as topup_decisions
from billing.topups.services import sending as topup_sending
from billing.topups.services.doubt_resolution import resolve
from billing.topups.services.states import move
from simulator.process import SimulatorProcess
from tests.support.factories import NOON, AccountFactory, CallFactory, ChargeFactory, PaymentFactory, TopUpFactory
from tests.support.logins import logged_in, show_password
from tests.support.pages import addresses, context, read
from tests.support.staffsite import in_review, list_of, page_of, staff

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


@pytest.fixture
def account(switch: Switch, simulator: SimulatorProcess) -> Account:
    return profiles.ensure(switch=switch, number="C-301", now=timezone.now())


def reissue_page(topup: TopUp) -> str:
    return reverse("admin:reissue", args=[topup.pk])


def answer_page(topup: TopUp) -> str:
    return reverse("admin:reissue_answer", args=[topup.pk, topup.reissues.get().pk])


def sent(account: Account) -> TopUp:
    now = timezone.now()
    topup = TopUpFactory.create(account=account, requested_at=now, deadline=now + MINUTE, next_attempt_at=now)
    return topup_sending.send(topup_id=topup.pk, now=now)


def not_applied(account: Account) -> TopUp:
    now = timezone.now()
    return topup_decisions.decide(
        topup=in_review(account), verdict=TopUpState.NOT_APPLIED, by=staff("billing"), why="Not there", now=now
    )


def test_every_look_is_kept_with_what_it_showed(account: Account, simulator: SimulatorProcess) -> None:
    simulator.control.add_fault("Pay", "drop_before", count=1)
    topup = sent(account)
    simulator.control.pay("C-301", topup.amount, memo="cash")
    simulator.control.add_fault("GetPayHistory", "html_403", count=2)
    for minute in range(5):
        resolve(switch=account.switch, now=timezone.now() + minute * MINUTE, all_of_them=True)
    looks = list(topup.lookups.all())
    # Two failures of one kind in a row are one line.
    assert [bool(look.failure) for look in looks] == [True, False, False, False]
    assert [look.candidates[0]["memo"] for look in looks[1:]] == ["cash"] * 3
    assert all(look.rows >= 1 and look.found == [] for look in looks[1:])
    answer = logged_in(staff("support")).get(page_of(topup))
    assert [look.row for look in context(answer)["evidence"].lookups] == looks
    shown = read(answer).section("Looks at the switch's payment history").words
    assert "GetPayHistory" in shown
    assert shown.count("cash") == 3


def test_the_find_that_ends_a_doubt_is_kept_too(account: Account, simulator: SimulatorProcess) -> None:
    simulator.control.add_fault("Pay", "drop_after", count=1)
    topup = sent(account)
    resolve(switch=account.switch, now=timezone.now(), all_of_them=True)
    [look] = topup.lookups.all()
    assert [row["memo"] for row in look.found] == [topup.reference]
    assert look.candidates == []


def test_a_step_is_worded_with_its_reason_and_what_the_switch_said() -> None:
    topup = TopUpFactory.create(state=TopUpState.IN_DOUBT, sent_at=NOON)
    card = {"state": CardFinding.NOT_USED, "amount": "10.0"}
    evidence = {"looks": 3, "candidates": [{"memo": "cash"}], "card": card}
    move(topup=topup, to=TopUpState.REVIEW, now=NOON, why=Because(TopUpReason.NOT_FOUND), evidence=evidence)
    decided = Because(TopUpReason.DECIDED, {"why": "100 % sure"})
    move(topup=topup, to=TopUpState.NOT_APPLIED, now=NOON, why=decided, by=staff("billing"))
    rows = read(logged_in(staff("support")).get(page_of(topup))).section("What became of it").rows
    assert [row["Why"] for row in rows] == [str(TopUpReason.NOT_FOUND.label), "100 % sure"]
    answered = [row["The switch answered, or it was found"] for row in rows]
    assert answered == ["complete look-ups 3, 1 candidates, card state not used, card amount 10.0", ""]


def test_why_it_was_refused_is_shown_in_words() -> None:
    why = Because(TopUpReason.REFUSED_BY_SWITCH, {"code": -10007})
    topup = TopUpFactory.create(state=TopUpState.REFUSED, settled_at=NOON, why=why)
    page = read(logged_in(staff("support")).get(page_of(topup)))
    assert "The switch refused it with code -10007; nothing was done." in page.words
    assert why.reason.value not in page.words


@pytest.mark.parametrize("page", ["change", "decide"])
def test_the_account_around_it_is_shown_with_whose_each_payment_is(page: str) -> None:
    account = AccountFactory.create()
    topup, other = in_review(account), TopUpFactory.create(account=account)
    paid = {"account": account, "paid_at": NOON + MINUTE}
    PaymentFactory.create(**paid, amount=topup.amount, memo="a transfer from the bank")
    PaymentFactory.create(**paid, amount=Decimal("7.25"), memo="something else")
    PaymentFactory.create(**paid, amount=Decimal("8.25"), memo=f"for {other.reference}")
    PaymentFactory.create(**{**paid, "paid_at": NOON - timedelta(days=2)}, memo="long before")
    ChargeFactory.create(account=account, charged_at=NOON + MINUTE, amount=Decimal("3.75"))
    partitions.ensure([NOON.date()])
    CallFactory.create(account=account, callee="8613912345678", started_at=NOON + MINUTE)
    BalanceReading.objects.create(account=account, at=NOON + MINUTE, balance=Decimal("4321.5"))
    page = page_of(topup) if page == "change" else reverse("admin:topups_topup_decide", args=[topup.pk])
    answer = logged_in(staff("billing")).get(page)
    matches = {moment.memo: moment.match for moment in context(answer)["evidence"].moments if moment.match}
    assert matches == {
        "a transfer from the bank": Match.CANDIDATE,
        "something else": Match.ELSEWHERE,
        f"for {other.reference}": Match.NAMES_ANOTHER,
    }
    rows = read(answer).section("The account around it").rows
    assert {row["Memo"]: row["Whose"] for row in rows if row["Memo"]} == {
        memo: match.label for memo, match in matches.items()
    }
    assert "−$3.75" in {row["Amount"] for row in rows}
    assert "$4,321.50" in {row["Balance after"] for row in rows}
    assert any("8613912345678" in row["What"] for row in rows)


def test_one_asks_and_another_approves(account: Account, simulator: SimulatorProcess) -> None:
    old, first, second = not_applied(account), staff("billing"), staff("billing")
    assert reissue_page(old) in addresses(logged_in(first).get(page_of(old)))
    asked = logged_in(first).post(reissue_page(old), {"why": "The customer waits"})
    assert asked["Location"] == page_of(old)
    assert logged_in(second).get(reissue_page(old))["Location"] == answer_page(old)
    assert "The customer waits" in read(logged_in(second).get(answer_page(old))).words
    logged_in(second).post(answer_page(old), {"answer": "approved", "why": "Looked on the switch"})
    new = TopUp.objects.get(reissue_of=old)
    page = read(logged_in(staff("support")).get(page_of(old))).section("Issued again")
    for shown in (first.email, second.email, new.reference, "The customer waits", "Looked on the switch"):
        assert shown in page.words
    assert page_of(old) in addresses(logged_in(staff("support")).get(page_of(new)))
    for person, action in ((first, "requested"), (second, "reissued")):
        entry = AuditEntry.objects.get(user=person, action__in=["requested", "reissued"])
        assert (entry.action, entry.account, entry.subject) == (action, account, old.reference)
    assert "form" not in context(logged_in(first).get(reissue_page(old)))


def test_a_large_top_up_is_sent_again_only_by_who_shows_once_more_that_it_is_them(
    account: Account, simulator: SimulatorProcess
) -> None:
    old, second = not_applied(account), logged_in(staff("billing"))
    Switch.objects.update(fresh_login_above=old.amount - 1)
    logged_in(staff("billing")).post(reissue_page(old), {"why": "The customer waits"})
    yes = {"answer": "approved", "why": "Looked on the switch"}
    assert second.post(answer_page(old), yes)["Location"].startswith("/account/reauthenticate/")
    assert not TopUp.objects.filter(reissue_of=old).exists()
    show_password(second)
    assert second.post(answer_page(old), yes)["Location"] == page_of(old)
    assert TopUp.objects.filter(reissue_of=old).exists()


def test_the_person_who_asked_is_told_that_a_colleague_has_to_approve(account: Account) -> None:
    old, first = not_applied(account), logged_in(staff("billing"))
    first.post(reissue_page(old), {"why": "x"})
    page = first.get(answer_page(old))
    assert context(page)["not_by"] == Because(ReissueReason.REQUESTED_BY_YOU)
    assert str(context(page)["not_by"]) in read(page).words
    refused = first.post(answer_page(old), {"answer": "approved", "why": "y"})
    assert refused.status_code == 200
    assert not TopUp.objects.filter(reissue_of=old).exists()
    first.post(answer_page(old), {"answer": "declined", "why": "Withdrawn"})
    assert old.reissues.get().answer == "declined"


@pytest.mark.parametrize("body", [{}, {"answer": "approved"}, {"answer": "perhaps", "why": "x"}, {"why": "x"}])
def test_an_answer_without_a_reason_is_none(account: Account, body: dict[str, str]) -> None:
    old = not_applied(account)
    logged_in(staff("billing")).post(reissue_page(old), {"why": "x"})
    assert logged_in(staff("billing")).post(answer_page(old), body).status_code == 200
    assert old.reissues.get().answer == ""


def test_the_front_page_leads_to_what_waits_for_a_second_person(account: Account) -> None:
    old, client = not_applied(account), logged_in(staff("billing"))
    looks = LookUp.objects.count()
    client.post(reissue_page(old), {"why": "x"})
    [line] = [line for line in client.get("/staff/").context["waiting"] if "second person" in line.label]
    assert line.count == 1
    assert [row.pk for row in client.get(line.url).context["cl"].result_list] == [old.pk]
    assert LookUp.objects.count() == looks


def test_payments_are_told_apart_by_where_they_came_from() -> None:
    account, client = AccountFactory.create(), logged_in(staff("support"))
    tied = PaymentFactory.create(account=account)
    topup = TopUpFactory.create(account=account, payment=tied, state=TopUpState.CONFIRMED, settled_at=NOON)
    elsewhere = PaymentFactory.create(account=account)
    for chosen, rows in (("topup", [tied]), ("elsewhere", [elsewhere]), ("", [elsewhere, tied])):
        page = client.get(list_of(type(tied)), {"from": chosen} if chosen else {})
        assert list(page.context["cl"].result_list) == rows
        assert (page_of(topup) in addresses(page)) == (tied in rows)
