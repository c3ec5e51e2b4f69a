"""The receipt on a top-up's page, and what every overview says of doubt."""

from __future__ import annotations

import pytest
from django.utils import timezone

from billing.overview.views.doubts import Doubt
from billing.topups.models import Kind, Source, TopUp, TopUpState
from billing.topups.services import sending as topup_sending
from tests.support.factories import AccountFactory, CardPaymentFactory, TopUpFactory
from tests.support.pages import context, read
from tests.support.visitors import Visitor, visitor

FORM = {"amount": "25.50", "note": "Invoice 1042", "key": "key-of-the-form"}


@pytest.fixture
def page(mara: Visitor, zoe: Visitor) -> str:
    """The page of a top-up that is confirmed."""
    place = mara.client.post(zoe.page("topup/confirm/"), FORM)["Location"]
    topup_sending.carry_out(topup_id=TopUp.objects.get(kind=Kind.CREDIT).pk, now=timezone.now())
    return place


def test_a_confirmed_top_up_has_a_receipt(mara: Visitor, page: str) -> None:
    topup = TopUp.objects.get(kind=Kind.CREDIT)
    answer = mara.client.get(page)
    receipt = context(answer)["receipt"]
    assert (receipt.number, receipt.at) == (topup.reference, topup.settled_at)
    assert (receipt.amount, receipt.balance_after) == (topup.amount, topup.balance_after)
    shown = read(answer).section("Receipt").pairs
    assert (shown["Number"], shown["Made by"], shown["Amount"]) == (topup.reference, mara.user.name, "$25.50")
    assert shown["Account"].startswith("A-20417")
    assert b"data-print" in answer.content


def test_the_receipt_of_the_child_does_not_name_the_agents_people(mara: Visitor, zoe: Visitor, page: str) -> None:
    answer = zoe.client.get(page)
    assert read(answer).section("Receipt").pairs["Made by"] == "your provider"
    assert mara.user.name not in answer.content.decode()


def test_the_accounts_own_people_are_named_to_each_other(zoe: Visitor) -> None:
    another = visitor(zoe.account.switch, "A-20417")
    now = timezone.now()
    topup = TopUpFactory.create(
        account=zoe.account,
        requested_by=another.user,
        source=Source.VOUCHER,
        card="f" * 64,
        state=TopUpState.CONFIRMED,
        settled_at=now,
    )
    shown = read(zoe.client.get(zoe.page(f"topups/{topup.reference}/"))).section("Receipt").pairs
    assert shown["Made by"] == another.user.name


@pytest.mark.parametrize("state", [TopUpState.REQUESTED, TopUpState.IN_DOUBT, TopUpState.REVIEW, TopUpState.REFUSED])
def test_what_is_not_confirmed_has_no_receipt(zoe: Visitor, state: TopUpState) -> None:
    settled = timezone.now() if state == TopUpState.REFUSED else None
    topup = TopUpFactory.create(account=zoe.account, state=state, settled_at=settled)
    answer = zoe.client.get(zoe.page(f"topups/{topup.reference}/"))
    assert context(answer)["receipt"] is None
    assert "Receipt" not in read(answer).headings
    assert b"data-print" not in answer.content


def doubts(viewer: Visitor, whose: Visitor) -> list[Doubt]:
    found: list[Doubt] = context(viewer.client.get(whose.page()))["overview"].doubts
    return found


def notes_of_doubt(viewer: Visitor, whose: Visitor) -> list[str]:
    """The notes of the overview that lead to a top-up."""
    answer = viewer.client.get(whose.page())
    shown = {doubt.url for doubt in context(answer)["overview"].doubts}
    linked = [link for link in read(answer).links if "/topups/" in link.address]
    assert {link.address for link in linked} == shown
    return [note for note in read(answer).notes if any(link.name in note for link in linked)]


def in_doubt(source: Source, mara: Visitor, zoe: Visitor, leg: Kind = Kind.CREDIT) -> TopUp:
    """A credit that is in doubt itself, or by its debit."""
    by_agent = source in (Source.TRANSFER, Source.AGENT_CREDIT)
    debit = None
    if source == Source.TRANSFER:
        debited = TopUpState.IN_DOUBT if leg == Kind.DEBIT else TopUpState.CONFIRMED
        debit = TopUpFactory.create(
            kind=Kind.DEBIT,
            source=source,
            account=mara.account,
            amount=-50,
            state=debited,
            settled_at=timezone.now() if leg == Kind.CREDIT else None,
        )
    credit: TopUp = TopUpFactory.create(
        source=source,
        account=zoe.account,
        payer=mara.account if by_agent else None,
        debit=debit,
        card="f" * 64 if source == Source.VOUCHER else "",
        online=CardPaymentFactory.create(account=zoe.account) if source == Source.ONLINE else None,
        state=TopUpState.REQUESTED if leg == Kind.DEBIT else TopUpState.IN_DOUBT,
    )
    return credit


@pytest.mark.parametrize(
    ("source", "leg"), [*((source, Kind.CREDIT) for source in Source), (Source.TRANSFER, Kind.DEBIT)]
)
def test_the_overview_says_not_to_pay_again_to_all_whom_it_concerns(
    mara: Visitor, zoe: Visitor, sam: Visitor, source: Source, leg: Kind
) -> None:
    credit = in_doubt(source, mara, zoe, leg)
    for viewer in (zoe, mara, sam):
        shown = doubts(viewer, zoe)
        assert [doubt.url for doubt in shown] == [zoe.page(f"topups/{credit.reference}/")]
        assert [doubt.amount for doubt in shown] == [50]
        (note,) = notes_of_doubt(viewer, zoe)
        assert "$50.00" in note
    own = notes_of_doubt(mara, mara)
    if credit.payer is None:
        assert own == []
    else:
        (note,) = own
        assert "Zoë Chen" in note
        assert "$50.00" in note


def test_a_give_back_in_doubt_is_told_to_the_agent_alone(mara: Visitor, zoe: Visitor) -> None:
    now = timezone.now()
    debit = TopUpFactory.create(
        kind=Kind.DEBIT,
        source=Source.TRANSFER,
        account=mara.account,
        amount=-50,
        state=TopUpState.CONFIRMED,
        settled_at=now,
    )
    TopUpFactory.create(
        source=Source.TRANSFER,
        account=zoe.account,
        payer=mara.account,
        debit=debit,
        state=TopUpState.REFUSED,
        settled_at=now,
    )
    TopUpFactory.create(
        kind=Kind.GIVE_BACK,
        source=Source.TRANSFER,
        account=mara.account,
        gives_back=debit,
        state=TopUpState.IN_DOUBT,
    )
    (doubt,) = doubts(mara, mara)
    assert doubt.amount == 50
    assert "Zoë Chen" in doubt.text
    assert len(notes_of_doubt(mara, mara)) == 1
    assert doubts(zoe, zoe) == []
    assert notes_of_doubt(zoe, zoe) == []


def test_the_doubt_of_another_account_is_not_told(mara: Visitor, zoe: Visitor) -> None:
    TopUpFactory.create(account=AccountFactory.create(switch=zoe.account.switch), state=TopUpState.IN_DOUBT)
    assert doubts(zoe, zoe) == []
    assert notes_of_doubt(zoe, zoe) == []
