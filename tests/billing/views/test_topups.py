from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from html import unescape
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from accounts.models import Account
from billing.models import Answer as Answered
from billing.models import Kind, Reissue, TopUp, TopUpState
from billing.services import topups
from billing.services.states import move
from simulator.process import SimulatorProcess
from tests.support.factories import NOON, TopUpFactory, UserFactory
from tests.support.visitors import Visitor

if TYPE_CHECKING:
    # What a test's client gives: a response that knows its context.
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer

WISH = {"amount": "25.50", "note": "Invoice 1042", "key": "key-of-the-form"}


def preview(mara: Visitor, zoe: Visitor, **changes: str) -> Answer:
    return mara.client.post(zoe.page("topup/"), {**WISH, **changes})


def confirm(mara: Visitor, zoe: Visitor, **changes: str) -> Answer:
    return mara.client.post(zoe.page("topup/confirm/"), {**WISH, **changes})


def test_the_form_says_from_what_it_is_paid(mara: Visitor, zoe: Visitor) -> None:
    html = mara.client.get(zoe.page("topup/")).content.decode()
    assert "Paid from the balance of Meridian Telecom" in html
    assert 'name="key"' in html


def test_the_confirmation_shows_both_balances_before_and_after_and_writes_nothing(mara: Visitor, zoe: Visitor) -> None:
    answer = preview(mara, zoe)
    moves = answer.context["moves"]
    assert [move.account.number for move in moves] == ["R-100", "A-20417"]
    assert [move.after - move.before for move in moves] == [Decimal("-25.50"), Decimal("25.50")]
    assert not TopUp.objects.exists()


def test_a_confirmed_form_makes_one_transfer_and_leads_to_its_page(mara: Visitor, zoe: Visitor) -> None:
    answers = [confirm(mara, zoe), confirm(mara, zoe)]
    credit = TopUp.objects.get(kind=Kind.CREDIT)
    assert {answer["Location"] for answer in answers} == {zoe.page(f"topups/{credit.reference}/")}
    assert (credit.account, credit.payer, credit.amount, credit.note) == (
        zoe.account,
        mara.account,
        Decimal("25.50"),
        "Invoice 1042",
    )
    assert credit.debit is not None
    assert credit.debit.amount == Decimal("-25.50")


def test_a_used_form_with_another_amount_is_refused(mara: Visitor, zoe: Visitor) -> None:
    confirm(mara, zoe)
    answer = confirm(mara, zoe, amount="99")
    assert "already used" in answer.content.decode()
    assert WISH["key"] not in answer.content.decode()
    assert TopUp.objects.filter(kind=Kind.CREDIT).count() == 1


@pytest.mark.parametrize(
    "amount",
    ["", "0", "0.00", "-5", "NaN", "Infinity", "1e3", "+5", "1,5", "1 0", "٥", "5.0000001", "10000.01", "9" * 60, "\0"],
)
@pytest.mark.parametrize("step", [preview, confirm])
def test_an_amount_that_cannot_be_paid_is_refused_beside_its_field(
    mara: Visitor, zoe: Visitor, simulator: SimulatorProcess, amount: str, step: Callable[..., Answer]
) -> None:
    answer = step(mara, zoe, amount=amount)
    assert answer.status_code == 200
    assert answer.context["form"].errors["amount"]
    assert not TopUp.objects.exists()
    assert "Pay" not in simulator.control.stats().requests


def test_more_than_the_agent_has_is_refused(mara: Visitor, zoe: Visitor, rich: Decimal) -> None:
    answer = preview(mara, zoe, amount=str(rich.quantize(Decimal(1)) + 1))
    assert "does not cover this" in answer.content.decode()


def test_a_note_that_is_too_long_is_refused(mara: Visitor, zoe: Visitor) -> None:
    assert preview(mara, zoe, note="x" * 201).context["form"].errors["note"]


def test_a_credit_without_debit_shows_the_child_alone(mara: Visitor, zoe: Visitor) -> None:
    Account.objects.filter(pk=mara.account.pk).update(credit_without_debit=Decimal(30))
    answer = preview(mara, zoe)
    assert [move.account.number for move in answer.context["moves"]] == ["A-20417"]
    confirm(mara, zoe)
    assert "may still be credited today" in preview(mara, zoe, key="another").content.decode()
    assert TopUp.objects.count() == 1


def test_the_page_of_a_top_up_shows_what_became_of_it(mara: Visitor, zoe: Visitor, simulator: SimulatorProcess) -> None:
    place = confirm(mara, zoe)["Location"]
    waiting = mara.client.get(place).content.decode()
    assert 'hx-trigger="every 2s"' in waiting
    assert '<noscript><meta http-equiv="refresh"' in waiting
    before = simulator.control.account("A-20417").money
    topups.carry_out(topup_id=TopUp.objects.get(kind=Kind.CREDIT).pk, now=timezone.now())
    done = mara.client.get(place).content.decode()
    assert "It is there." in done
    assert "hx-trigger" not in done
    assert simulator.control.account("A-20417").money == before + Decimal("25.50")


def test_the_child_reads_the_story_without_what_is_its_agents(mara: Visitor, zoe: Visitor) -> None:
    place = confirm(mara, zoe)["Location"]
    html = zoe.client.get(place).content.decode()
    assert "$25.50</span> to Zoë Chen" in html
    assert "Meridian" not in html
    assert "Invoice 1042" not in html


def test_only_who_pays_is_told_why_the_agent_was_not_debited(mara: Visitor, zoe: Visitor) -> None:
    place = confirm(mara, zoe)["Location"]
    why = "The agent's balance no longer covers it"
    debit = TopUp.objects.get(kind=Kind.DEBIT)
    move(topup=debit, to=TopUpState.REFUSED, now=timezone.now(), why=why)
    assert why in unescape(mara.client.get(place).content.decode())
    assert why not in unescape(zoe.client.get(place).content.decode())


def test_a_top_up_in_doubt_says_not_to_pay_again(mara: Visitor, zoe: Visitor) -> None:
    topup = TopUpFactory.create(account=zoe.account, state=TopUpState.IN_DOUBT, sent_at=timezone.now())
    html = zoe.client.get(zoe.page(f"topups/{topup.reference}/")).content.decode()
    assert "Please do not pay again." in html
    assert "being checked" in html


def test_a_top_up_of_another_account_is_not_there(mara: Visitor, zoe: Visitor) -> None:
    topup = TopUpFactory.create(requested_at=timezone.now() - timedelta(days=1))
    assert zoe.client.get(zoe.page(f"topups/{topup.reference}/")).status_code == 404


def test_nobody_tops_up_an_account_of_their_own_from_its_own_balance(mara: Visitor, zoe: Visitor) -> None:
    for who in (mara, zoe):
        assert who.client.get(who.page("topup/"))["Location"] == who.page("topup/voucher/")
        assert who.client.post(who.page("topup/"), WISH)["Location"] == who.page("topup/voucher/")
        assert who.client.post(who.page("topup/confirm/"), WISH).status_code == 404
    assert not TopUp.objects.exists()


def test_the_form_leads_to_the_other_ways(mara: Visitor, zoe: Visitor) -> None:
    html = mara.client.get(zoe.page("topup/")).content.decode()
    assert "From Meridian Telecom" in html
    assert zoe.page("topup/voucher/") in html


def test_whoever_comes_back_to_the_confirmation_starts_at_the_form(mara: Visitor, zoe: Visitor) -> None:
    assert mara.client.get(zoe.page("topup/confirm/"))["Location"] == zoe.page("topup/")


def test_what_our_staff_sent_again_is_told_where_the_first_one_is(zoe: Visitor) -> None:
    old = TopUpFactory.create(account=zoe.account, state=TopUpState.NOT_APPLIED, settled_at=NOON)
    first, second = UserFactory.create(), UserFactory.create()
    Reissue.objects.create(
        topup=old,
        requested_by=first,
        requested_at=NOON,
        why="Still owed",
        answer=Answered.APPROVED,
        answered_by=second,
        answered_at=NOON,
    )
    new = TopUpFactory.create(account=zoe.account, reissue_of=old)
    html = zoe.client.get(zoe.page(f"topups/{old.reference}/")).content.decode()
    assert "Our staff sent it again" in html
    assert zoe.page(f"topups/{new.reference}/") in html
    assert first.email not in html
    assert "Still owed" not in html
