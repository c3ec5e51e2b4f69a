"""What the form of a top-up asks for: a tick for a likely repetition, and a fresh login for a large amount."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
import time_machine
from django.utils import timezone

from accounts.models import Switch
from billing.topups.models import Kind, TopUp, TopUpState
from simulator.process import SimulatorProcess
from tests.support.factories import TopUpFactory
from tests.support.logins import code_of, give_app
from tests.support.pages import context, read
from tests.support.visitors import Visitor, visitor

if TYPE_CHECKING:
    # What a test's client gives: a response that knows its context.
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer

FORM = {"amount": "25.50", "note": "Invoice 1042", "key": "key-of-the-form"}
PASSWORD = "correct horse battery"
REAUTHENTICATE = "/account/reauthenticate/"


def preview(mara: Visitor, zoe: Visitor, **changes: str) -> Answer:
    return mara.client.post(zoe.page("topup/"), {**FORM, **changes}, follow=True)


def confirm(mara: Visitor, zoe: Visitor, **changes: str) -> Answer:
    return mara.client.post(zoe.page("topup/confirm/"), {**FORM, **changes}, follow=True)


def number_of_credits() -> int:
    return TopUp.objects.filter(kind=Kind.CREDIT).count()


def values_of(confirmation: Answer) -> dict[str, str]:
    """The values that the confirmation's button would send."""
    assert next(template.name for template in confirmation.templates) == "topups/topup_confirm.html"
    form = confirmation.context["form"]
    return {name: form[name].value() for name in ("amount", "note", "key")}


@pytest.fixture
def duplicate(zoe: Visitor) -> TopUp:
    """A top-up by support, for the same account and amount, a minute ago, which is done."""
    asked_at = timezone.now() - timedelta(minutes=1)
    row: TopUp = TopUpFactory.create(
        account=zoe.account,
        amount=Decimal("25.5"),
        requested_at=asked_at,
        state=TopUpState.CONFIRMED,
        settled_at=asked_at,
    )
    return row


def test_the_confirmation_names_a_top_up_that_this_may_repeat(mara: Visitor, zoe: Visitor, duplicate: TopUp) -> None:
    answer = preview(mara, zoe)
    assert context(answer)["duplicate"] == duplicate
    assert read(answer).link(duplicate.reference) == zoe.page(f"topups/{duplicate.reference}/")
    assert "again" in {field.name for field in read(answer).fields.values()}
    another = preview(mara, zoe, amount="25.51")
    assert context(another)["duplicate"] is None
    assert read(another).fields == {}


def test_without_the_tick_the_confirmation_comes_again_and_nothing_is_written(
    mara: Visitor, zoe: Visitor, duplicate: TopUp
) -> None:
    assert values_of(confirm(mara, zoe)) == FORM
    assert number_of_credits() == 1


def test_with_the_tick_a_second_one_is_made(mara: Visitor, zoe: Visitor, duplicate: TopUp) -> None:
    confirm(mara, zoe, again="on")
    assert number_of_credits() == 2


def test_the_same_form_again_is_no_repetition(mara: Visitor, zoe: Visitor) -> None:
    places = {confirm(mara, zoe).redirect_chain[-1][0] for _ in range(2)}
    assert places == {zoe.page(f"topups/{TopUp.objects.get(kind=Kind.CREDIT).reference}/")}


@pytest.fixture
def strict(switch: Switch) -> None:
    Switch.objects.filter(pk=switch.pk).update(fresh_login_above=Decimal("25.49"))


def test_a_large_amount_wants_the_password_and_leads_back_to_the_confirmation(
    strict: None, mara: Visitor, zoe: Visitor, simulator: SimulatorProcess
) -> None:
    asked = preview(mara, zoe)
    assert asked.redirect_chain[-1][0].startswith(REAUTHENTICATE)
    assert "Invoice 1042" not in asked.request["QUERY_STRING"]
    back = mara.client.post(REAUTHENTICATE, {"password": PASSWORD, "next": zoe.page("topup/")}, follow=True)
    assert values_of(back) == FORM
    assert number_of_credits() == 0
    confirm(mara, zoe)
    assert number_of_credits() == 1
    assert simulator.control.received("Pay") == []


def test_a_wrong_password_leads_nowhere_and_forgets_nothing(strict: None, mara: Visitor, zoe: Visitor) -> None:
    preview(mara, zoe)
    wrong = mara.client.post(REAUTHENTICATE, {"password": "not it", "next": zoe.page("topup/")})
    assert wrong.context["form"].errors
    right = mara.client.post(REAUTHENTICATE, {"password": PASSWORD, "next": zoe.page("topup/")})
    assert values_of(right) == FORM


def test_a_code_of_the_app_does_as_well(strict: None, mara: Visitor, zoe: Visitor) -> None:
    secret = give_app(mara.user)
    asked = preview(mara, zoe)
    [other] = [way["url"] for way in asked.context["reauthentication_alternatives"]]
    back = mara.client.post(other, {"code": code_of(secret), "next": zoe.page("topup/")}, follow=True)
    assert values_of(back) == FORM
    confirm(mara, zoe)
    assert number_of_credits() == 1


def test_a_confirmation_that_was_left_lying_asks_again_and_sends_nothing_by_itself(
    strict: None, mara: Visitor, zoe: Visitor
) -> None:
    mara.client.post(REAUTHENTICATE, {"password": PASSWORD})
    values_of(preview(mara, zoe))
    with time_machine.travel(timezone.now() + timedelta(minutes=6)):
        assert confirm(mara, zoe).redirect_chain[-1][0].startswith(REAUTHENTICATE)
        back = mara.client.post(REAUTHENTICATE, {"password": PASSWORD, "next": zoe.page("topup/")}, follow=True)
        assert values_of(back) == FORM
        assert number_of_credits() == 0


def test_a_confirmation_that_was_not_shown_cannot_be_sent_without_a_fresh_login(
    strict: None, mara: Visitor, zoe: Visitor
) -> None:
    assert confirm(mara, zoe).redirect_chain[-1][0].startswith(REAUTHENTICATE)
    assert number_of_credits() == 0


def test_up_to_the_threshold_no_fresh_login_is_asked_for(strict: None, mara: Visitor, zoe: Visitor) -> None:
    confirm(mara, zoe, amount="25.49")
    assert number_of_credits() == 1


def test_another_person_does_not_inherit_a_fresh_login(strict: None, mara: Visitor, zoe: Visitor) -> None:
    mara.client.post(REAUTHENTICATE, {"password": PASSWORD})
    another = visitor(mara.account.switch, "R-100")
    assert preview(another, zoe).redirect_chain[-1][0].startswith(REAUTHENTICATE)


@pytest.fixture
def coming(zoe: Visitor) -> TopUp:
    """A top-up of another amount which has been in doubt for days."""
    asked_at = timezone.now() - timedelta(days=3)
    row: TopUp = TopUpFactory.create(
        account=zoe.account, amount=Decimal("12.3"), requested_at=asked_at, state=TopUpState.IN_DOUBT
    )
    return row


def test_form_and_confirmation_say_first_what_may_yet_arrive(mara: Visitor, zoe: Visitor, coming: TopUp) -> None:
    for answer in (mara.client.get(zoe.page("topup/")), preview(mara, zoe)):
        assert [topup for topup, _ in context(answer)["unsettled"]] == [coming]
        page = read(answer)
        assert "$12.30 from" in page.words
        assert "is still being checked. It may yet arrive." in page.words
        assert page.link(coming.reference) == zoe.page(f"topups/{coming.reference}/")
    assert "again" not in {field.name for field in read(mara.client.get(zoe.page("topup/"))).fields.values()}
    assert read(preview(mara, zoe)).fields["I want to add $25.50 besides it"].name == "again"


def test_without_the_tick_besides_nothing_is_written_and_the_tick_has_the_focus(
    mara: Visitor, zoe: Visitor, coming: TopUp
) -> None:
    answer = confirm(mara, zoe)
    assert values_of(answer) == FORM
    tick = context(answer)["form"]["again"]
    assert tick.errors
    assert read(answer).fields["I want to add $25.50 besides it"].error == " ".join(tick.errors)
    assert tick.build_widget_attrs({})["aria-invalid"] == "true"
    assert tick.field.widget.attrs["autofocus"] is True
    assert number_of_credits() == 1
    confirm(mara, zoe, again="on")
    assert number_of_credits() == 2
