"""The receipt on a top-up's page, and what every overview says of doubt."""

from __future__ import annotations

import pytest
from django.utils import timezone

from billing.models import Kind, Source, TopUp, TopUpState
from billing.services import topups
from tests.support.factories import AccountFactory, OnlinePaymentFactory, TopUpFactory
from tests.support.visitors import Visitor, visitor

WISH = {"amount": "25.50", "note": "Invoice 1042", "key": "key-of-the-form"}


@pytest.fixture
def page(mara: Visitor, zoe: Visitor) -> str:
    """Of a top-up that is there."""
    place = mara.client.post(zoe.page("topup/confirm/"), WISH)["Location"]
    topups.carry_out(topup_id=TopUp.objects.get(kind=Kind.CREDIT).pk, now=timezone.now())
    return place


def test_a_confirmed_top_up_has_a_receipt(mara: Visitor, page: str) -> None:
    topup = TopUp.objects.get(kind=Kind.CREDIT)
    answer = mara.client.get(page)
    receipt, html = answer.context["receipt"], answer.content.decode()
    assert (receipt.number, receipt.at) == (topup.reference, topup.settled_at)
    assert (receipt.amount, receipt.balance_after) == (topup.amount, topup.balance_after)
    for told in (topup.reference, mara.user.name, "A-20417", "$25.50", "data-print"):
        assert told in html


def test_the_receipt_of_the_child_does_not_name_the_agents_people(mara: Visitor, zoe: Visitor, page: str) -> None:
    html = zoe.client.get(page).content.decode()
    assert "your provider" in html
    assert mara.user.name not in html


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
    assert another.user.name in zoe.client.get(zoe.page(f"topups/{topup.reference}/")).content.decode()


@pytest.mark.parametrize("state", [TopUpState.REQUESTED, TopUpState.IN_DOUBT, TopUpState.REVIEW, TopUpState.REFUSED])
def test_what_is_not_confirmed_has_no_receipt(zoe: Visitor, state: TopUpState) -> None:
    settled = timezone.now() if state == TopUpState.REFUSED else None
    topup = TopUpFactory.create(account=zoe.account, state=state, settled_at=settled)
    html = zoe.client.get(zoe.page(f"topups/{topup.reference}/")).content.decode()
    assert "Receipt" not in html
    assert "data-print" not in html


def in_doubt(source: Source, mara: Visitor, zoe: Visitor, leg: Kind = Kind.CREDIT) -> TopUp:
    """The credit, itself in doubt or by its debit."""
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
        online=OnlinePaymentFactory.create(account=zoe.account) if source == Source.ONLINE else None,
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
        html = viewer.client.get(zoe.page()).content.decode()
        assert html.count("Please do not pay again.") == 1
        assert "A top-up of $50.00 is being checked with the switch." in html
        assert f'href="{zoe.page(f"topups/{credit.reference}/")}"' in html
    own = mara.client.get(mara.page()).content.decode()
    if credit.payer is None:
        assert "do not pay again" not in own
    else:
        assert own.count("Please do not pay again.") == 1
        assert "A top-up for Zoë Chen of $50.00 is being checked with the switch." in own


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
    assert "A top-up for Zoë Chen of $50.00 is being checked" in mara.client.get(mara.page()).content.decode()
    assert "do not pay again" not in zoe.client.get(zoe.page()).content.decode()


def test_the_doubt_of_another_account_is_not_told(mara: Visitor, zoe: Visitor) -> None:
    TopUpFactory.create(account=AccountFactory.create(switch=zoe.account.switch), state=TopUpState.IN_DOUBT)
    assert "do not pay again" not in zoe.client.get(zoe.page()).content.decode()
