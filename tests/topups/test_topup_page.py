from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from accounts.models import Account
from billing.lib.reasons import Because
from billing.topups.models import Answer as Answered
from billing.topups.models import Kind, Reissue, TopUp, TopUpReason, TopUpState
from billing.topups.queries.progress import StepState
from billing.topups.services import sending as topup_sending
from billing.topups.services.states import move
from simulator.process import SimulatorProcess
from tests.support.factories import NOON, TopUpFactory, UserFactory
from tests.support.pages import context, read
from tests.support.raw import as_sent
from tests.support.visitors import Visitor

if TYPE_CHECKING:
    # What a test's client gives: a response that knows its context.
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer

FORM = {"amount": "25.50", "note": "Invoice 1042", "key": "key-of-the-form"}


def preview(mara: Visitor, zoe: Visitor, **changes: str) -> Answer:
    return mara.client.post(zoe.page("topup/"), {**FORM, **changes})


def confirm(mara: Visitor, zoe: Visitor, **changes: str) -> Answer:
    return mara.client.post(zoe.page("topup/confirm/"), {**FORM, **changes})


def test_the_form_says_from_what_it_is_paid(mara: Visitor, zoe: Visitor) -> None:
    answer = mara.client.get(zoe.page("topup/"))
    given = context(answer)
    assert (given["payer"], given["debited"]) == (mara.account, True)
    assert given["form"]["key"].value()
    assert "Meridian Telecom" in read(answer).section("Top up").words


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
    form = context(answer)["form"]
    (error,) = form.non_field_errors()
    first, coming = read(answer).notes
    assert first == error
    # The form was used for a top-up that is on its way.
    assert TopUp.objects.get(kind=Kind.CREDIT).reference in coming
    assert form["key"].value() != FORM["key"]
    assert TopUp.objects.filter(kind=Kind.CREDIT).count() == 1


@pytest.mark.parametrize(
    "amount",
    [
        "",
        "0",
        "0.00",
        "-5",
        "NaN",
        "Infinity",
        "1e3",
        "+5",
        "1,234",
        "€5",
        "1 0",
        "٥",
        "5.0000001",
        "10000.01",
        "9" * 60,
        "\0",
    ],
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
    assert [read(answer).fields["Amount"].error] == context(answer)["form"].errors["amount"]
    assert not TopUp.objects.exists()


def test_a_note_that_is_too_long_is_refused(mara: Visitor, zoe: Visitor) -> None:
    assert preview(mara, zoe, note="x" * 201).context["form"].errors["note"]


def test_a_credit_without_debit_shows_the_child_alone(mara: Visitor, zoe: Visitor) -> None:
    Account.objects.filter(pk=mara.account.pk).update(credit_without_debit=Decimal(30))
    answer = preview(mara, zoe)
    assert [move.account.number for move in answer.context["moves"]] == ["A-20417"]
    confirm(mara, zoe)
    refused = context(preview(mara, zoe, key="another"))
    assert refused["form"].errors["amount"]
    assert (refused["debited"], refused["left"]) == (False, Decimal("4.5"))
    assert TopUp.objects.count() == 1


def test_the_page_of_a_top_up_shows_what_became_of_it(mara: Visitor, zoe: Visitor, simulator: SimulatorProcess) -> None:
    place = confirm(mara, zoe)["Location"]
    waiting = mara.client.get(place).content
    assert b'hx-trigger="every 2s"' in waiting
    assert b'<noscript><meta http-equiv="refresh"' in waiting
    before = simulator.control.account("A-20417").money
    topup_sending.carry_out(topup_id=TopUp.objects.get(kind=Kind.CREDIT).pk, now=timezone.now())
    done = mara.client.get(place)
    assert context(done)["outcome"] == TopUpState.CONFIRMED
    assert {step.state for step in context(done)["steps"]} == {StepState.DONE}
    assert b"hx-trigger" not in done.content
    assert simulator.control.account("A-20417").money == before + Decimal("25.50")


def test_the_child_reads_the_steps_without_what_is_its_agents(mara: Visitor, zoe: Visitor) -> None:
    place = confirm(mara, zoe)["Location"]
    answer = zoe.client.get(place)
    assert "$25.50 to Zoë Chen" in read(answer).words
    assert "Meridian" not in as_sent(answer.content)
    assert "Invoice 1042" not in as_sent(answer.content)


def test_only_who_pays_is_told_why_the_agent_was_not_debited(mara: Visitor, zoe: Visitor) -> None:
    place = confirm(mara, zoe)["Location"]
    why = Because(TopUpReason.NOT_COVERED)
    debit = TopUp.objects.get(kind=Kind.DEBIT)
    move(topup=debit, to=TopUpState.REFUSED, now=timezone.now(), why=why)
    assert str(why) in read(mara.client.get(place)).words
    assert str(why) not in read(zoe.client.get(place)).words


def test_a_top_up_in_doubt_says_not_to_pay_again(mara: Visitor, zoe: Visitor) -> None:
    topup = TopUpFactory.create(account=zoe.account, state=TopUpState.IN_DOUBT, sent_at=timezone.now())
    answer = zoe.client.get(zoe.page(f"topups/{topup.reference}/"))
    assert context(answer)["is_doubtful"]
    assert context(answer)["outcome"] == TopUpState.IN_DOUBT
    assert len(read(answer).notes) == 1


def test_a_top_up_of_another_account_is_not_there(mara: Visitor, zoe: Visitor) -> None:
    topup = TopUpFactory.create(requested_at=timezone.now() - timedelta(days=1))
    assert zoe.client.get(zoe.page(f"topups/{topup.reference}/")).status_code == 404


def test_an_owner_does_not_top_up_their_account_from_its_own_balance(mara: Visitor, zoe: Visitor) -> None:
    for who in (mara, zoe):
        assert who.client.get(who.page("topup/"))["Location"] == who.page("topup/voucher/")
        assert who.client.post(who.page("topup/"), FORM)["Location"] == who.page("topup/voucher/")
        assert who.client.post(who.page("topup/confirm/"), FORM).status_code == 404
    assert not TopUp.objects.exists()


def test_the_form_leads_to_the_other_ways(mara: Visitor, zoe: Visitor) -> None:
    ways = read(mara.client.get(zoe.page("topup/"))).section("Ways to top up").links
    assert [way.address for way in ways] == [zoe.page("topup/"), zoe.page("topup/voucher/")]
    assert "Meridian Telecom" in ways[0].name


def test_a_person_who_comes_back_to_the_confirmation_starts_at_the_form(mara: Visitor, zoe: Visitor) -> None:
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
    answer = zoe.client.get(zoe.page(f"topups/{old.reference}/"))
    assert context(answer)["again"] == new
    assert read(answer).link(new.reference) == zoe.page(f"topups/{new.reference}/")
    assert first.email not in as_sent(answer.content)
    assert "Still owed" not in as_sent(answer.content)
