"""Voucher cards: every way in which `PayByPhoneCard` can fail, and what the card itself says then."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone

from accounts.models import Account, Switch, User
from billing.balances.services import profiles
from billing.lib.reasons import Because
from billing.switches.services import clients
from billing.sync.services import mirroring
from billing.topups.models import CardFinding, DecisionReason, TopUp, TopUpReason, TopUpState
from billing.topups.services import dead_senders, voucher_cards, vouchers
from billing.topups.services import decisions as topup_decisions
from billing.topups.services import errors as topup_errors
from billing.topups.services import sending as topup_sending
from billing.topups.services.doubt_resolution import resolve
from billing.topups.services.voucher_cards import Card
from billing.vos3000.operations.phone_cards import pay_by_phone_card
from simulator.process import SimulatorProcess
from tests.support.factories import TopUpFactory, UserFactory
from tests.support.faults import FAULTS, look_until_settled
from tests.support.refusals import refused

pytestmark = pytest.mark.django_db

CARD, ANOTHER = Card("90000003", "4103"), Card("90000004", "4104")
WORTH = Decimal(10)
MINUTE = timedelta(minutes=1)


def once_settled() -> datetime:
    """After the settling time, when nothing can be under way any more."""
    return timezone.now() + 34 * MINUTE


@pytest.fixture
def account(switch: Switch) -> Account:
    return profiles.ensure(switch=switch, number="C-301", now=timezone.now())


@pytest.fixture
def by() -> User:
    return UserFactory.create()


def requested(account: Account, by: User, card: Card = CARD) -> TopUp:
    now = timezone.now()
    offer = vouchers.look(account=account, card=card, by=by, address="192.0.2.1", now=now)
    return vouchers.request(account=account, offer=offer, by=by, now=now, send_by_worker=False)


def pay_elsewhere(account: Account, number: str, card: Card = CARD) -> None:
    """As by telephone: the switch hears of it from another person, without a reference."""
    with clients.client(account.switch) as client:
        pay_by_phone_card(
            client, account=number, pin=card.pin, password=card.password, amount=WORTH, memo="by telephone"
        )


@pytest.mark.parametrize(("kind", "options", "at_once", "at_last"), FAULTS)
def test_a_faulty_card_payment_is_sent_once_and_ends_as_the_ledger_says(
    account: Account,
    by: User,
    simulator: SimulatorProcess,
    kind: str,
    options: dict[str, Any],
    at_once: TopUpState,
    at_last: TopUpState,
) -> None:
    before = simulator.control.account("C-301").money
    topup, now = requested(account, by), timezone.now()
    simulator.control.add_fault("PayByPhoneCard", kind, **options)
    assert topup_sending.send(topup_id=topup.pk, now=now).state == at_once

    topup_sending.carry_out(topup_id=topup.pk, now=now)
    dead_senders.sweep(now=now + 5 * MINUTE)
    simulator.control.drain()
    look_until_settled(account.switch, now)

    topup.refresh_from_db()
    assert topup.state == at_last
    assert len(simulator.control.received("PayByPhoneCard")) == 1
    gained = simulator.control.account("C-301").money - before
    assert gained == (WORTH if at_last == TopUpState.CONFIRMED else 0)
    assert bool(topup.sealed_card) == (at_last == TopUpState.REVIEW)


@pytest.fixture
def doubtful(account: Account, by: User, simulator: SimulatorProcess) -> TopUp:
    """In doubt, and in truth not done."""
    topup = requested(account, by)
    simulator.control.add_fault("PayByPhoneCard", "drop_before", count=1)
    return topup_sending.send(topup_id=topup.pk, now=timezone.now())


def looked_at(topup: TopUp, after: timedelta = MINUTE) -> TopUp:
    resolve(switch=topup.account.switch, now=timezone.now() + after)
    topup.refresh_from_db()
    return topup


def last_evidence(topup: TopUp) -> dict[str, Any]:
    step = topup.transitions.last()
    assert step is not None
    evidence: dict[str, Any] = step.evidence
    return evidence


def test_a_card_that_was_used_for_the_account_since_ends_the_doubt(doubtful: TopUp) -> None:
    pay_elsewhere(doubtful.account, "C-301")
    assert looked_at(doubtful).state == TopUpState.CONFIRMED
    assert (last_evidence(doubtful)["card"]["state"], doubtful.sealed_card) == (CardFinding.USED, "")


def test_a_card_that_was_used_for_another_account_needs_a_person(doubtful: TopUp) -> None:
    pay_elsewhere(doubtful.account, "C-302")
    assert looked_at(doubtful).state == TopUpState.REVIEW
    assert last_evidence(doubtful)["card"]["account"] == "C-302"
    assert doubtful.why == Because(TopUpReason.CARD_USED_ELSEWHERE)


def test_a_card_that_is_not_used_ends_nothing_before_the_settling_time(doubtful: TopUp) -> None:
    for minutes in (1, 5, 10, 20, 29):
        assert looked_at(doubtful, minutes * MINUTE).state == TopUpState.IN_DOUBT
    assert looked_at(doubtful, 31 * MINUTE).state == TopUpState.REVIEW
    assert last_evidence(doubtful)["card"] == {"state": CardFinding.NOT_USED, "amount": "10.0"}


def test_a_card_used_for_the_account_before_it_was_sent_needs_a_person_who_cannot_deny_it(
    doubtful: TopUp, simulator: SimulatorProcess
) -> None:
    simulator.control.shift_clock(-2 * 3600)
    pay_elsewhere(doubtful.account, "C-301")
    assert looked_at(doubtful).state == TopUpState.IN_DOUBT
    for minutes in (31, 32, 33):
        looked_at(doubtful, minutes * MINUTE)
    assert doubtful.state == TopUpState.REVIEW
    staff = UserFactory.create(is_superuser=True)
    with refused(topup_decisions.DecisionRefused, DecisionReason.CARD_USED):
        topup_decisions.decide(
            topup=doubtful, verdict=TopUpState.NOT_APPLIED, by=staff, why="Hm", now=timezone.now() + 34 * MINUTE
        )


@pytest.mark.parametrize("fault", ["listed_code", "unlisted_code"])
def test_a_card_that_the_switch_does_not_tell_of_ends_nothing(
    doubtful: TopUp, simulator: SimulatorProcess, fault: str
) -> None:
    simulator.control.add_fault("GetPhoneCard", fault)
    assert (looked_at(doubtful).state, doubtful.looks) == (TopUpState.IN_DOUBT, 1)


def test_a_card_that_cannot_be_asked_is_no_clean_look_until_the_settling_time_is_over(
    doubtful: TopUp, simulator: SimulatorProcess
) -> None:
    simulator.control.add_fault("GetPhoneCard", "html_403")
    assert (looked_at(doubtful).state, doubtful.looks) == (TopUpState.IN_DOUBT, 0)
    for minutes in (31, 32, 33):
        looked_at(doubtful, minutes * MINUTE)
    assert doubtful.state == TopUpState.REVIEW


def test_a_card_that_a_person_found_not_applied_may_be_tried_again(doubtful: TopUp, by: User) -> None:
    for minutes in (31, 32, 33):
        looked_at(doubtful, minutes * MINUTE)
    with pytest.raises(vouchers.CardTaken):
        requested(doubtful.account, by)
    staff = UserFactory.create(is_superuser=True)
    topup_decisions.decide(
        topup=doubtful, verdict=TopUpState.NOT_APPLIED, by=staff, why="Not used", now=timezone.now() + 34 * MINUTE
    )
    assert (doubtful.sealed_card, last_evidence(doubtful)["card"]["state"]) == ("", CardFinding.NOT_USED)
    again = requested(doubtful.account, by)
    assert topup_sending.send(topup_id=again.pk, now=timezone.now()).state == TopUpState.CONFIRMED


def test_a_card_that_was_used_after_all_cannot_be_called_not_applied(doubtful: TopUp) -> None:
    for minutes in (31, 32, 33):
        looked_at(doubtful, minutes * MINUTE)
    pay_elsewhere(doubtful.account, "C-301")
    staff = UserFactory.create(is_superuser=True)
    with refused(topup_decisions.DecisionRefused, DecisionReason.CARD_USED):
        topup_decisions.decide(
            topup=doubtful, verdict=TopUpState.NOT_APPLIED, by=staff, why="Hm", now=timezone.now() + 34 * MINUTE
        )
    topup_decisions.decide(topup=doubtful, verdict=TopUpState.CONFIRMED, by=staff, why="Used", now=timezone.now())
    assert (doubtful.state, doubtful.sealed_card) == (TopUpState.CONFIRMED, "")


def test_a_switch_that_does_not_answer_leaves_the_decision_to_the_person(
    doubtful: TopUp, simulator: SimulatorProcess
) -> None:
    for minutes in (31, 32, 33):
        looked_at(doubtful, minutes * MINUTE)
    simulator.control.add_fault("GetPhoneCard", "drop_before")
    staff = UserFactory.create(is_superuser=True)
    topup_decisions.decide(
        topup=doubtful, verdict=TopUpState.NOT_APPLIED, by=staff, why="Gone", now=timezone.now() + 34 * MINUTE
    )
    assert doubtful.state == TopUpState.NOT_APPLIED


def test_a_refused_card_keeps_nothing_of_it_and_may_be_tried_again(
    account: Account, by: User, simulator: SimulatorProcess
) -> None:
    topup = requested(account, by)
    simulator.control.add_fault("PayByPhoneCard", "listed_code", count=1)
    topup = topup_sending.send(topup_id=topup.pk, now=timezone.now())
    assert topup.state == TopUpState.REFUSED
    assert (topup.sealed_card, last_evidence(topup)) == ("", {"code": -10007, "text": ""})
    assert topup_sending.send(topup_id=requested(account, by).pk, now=timezone.now()).state == TopUpState.CONFIRMED


def test_a_card_that_cannot_be_sent_in_time_is_refused_and_forgotten(
    account: Account, by: User, simulator: SimulatorProcess
) -> None:
    topup = requested(account, by)
    dead_senders.sweep(now=timezone.now() + 11 * MINUTE)
    topup.refresh_from_db()
    assert (topup.state, topup.sealed_card) == (TopUpState.REFUSED, "")
    assert simulator.control.received("PayByPhoneCard") == []


def test_a_card_under_another_secret_key_is_refused_unsent(
    account: Account, by: User, simulator: SimulatorProcess, settings: Any
) -> None:
    topup = requested(account, by)
    settings.SECRET_KEY = "another" * 8
    topup_sending.send(topup_id=topup.pk, now=timezone.now())
    topup.refresh_from_db()
    assert topup.state == TopUpState.REFUSED
    assert topup.why == Because(TopUpReason.CARD_UNREADABLE)
    assert simulator.control.received("PayByPhoneCard") == []


def test_a_doubt_under_another_secret_key_is_still_settled_by_the_history(
    account: Account, by: User, simulator: SimulatorProcess, settings: Any
) -> None:
    topup = requested(account, by)
    simulator.control.add_fault("PayByPhoneCard", "drop_after", count=1)
    topup_sending.send(topup_id=topup.pk, now=timezone.now())
    settings.SECRET_KEY = "another" * 8
    topup.refresh_from_db()
    assert looked_at(topup).state == TopUpState.CONFIRMED


def test_a_switch_that_refuses_connections_is_tried_again(
    account: Account, by: User, simulator: SimulatorProcess
) -> None:
    topup = requested(account, by)
    simulator.control.pause()
    try:
        assert topup_sending.send(topup_id=topup.pk, now=timezone.now()).state == TopUpState.REQUESTED
    finally:
        simulator.control.resume()
    topup.refresh_from_db()
    dead_senders.sweep(now=topup.next_attempt_at)
    topup.refresh_from_db()
    assert topup.state == TopUpState.CONFIRMED
    assert len(simulator.control.received("PayByPhoneCard")) == 1


def test_a_card_is_tied_to_its_payment_by_the_reference(account: Account, by: User) -> None:
    topup = requested(account, by)
    topup_sending.send(topup_id=topup.pk, now=timezone.now())
    mirroring.mirror(account=account, now=timezone.now() + MINUTE)
    topup.refresh_from_db()
    assert topup.payment is not None
    assert topup.payment.method == topup.payment.Method.VOUCHER


def test_a_card_worth_more_than_one_top_up_may_be_is_refused_before_it_is_used(account: Account, by: User) -> None:
    Switch.objects.update(topup_limit=Decimal(9))
    account.refresh_from_db()
    account.switch.refresh_from_db()
    with pytest.raises(topup_errors.LimitExceeded):
        requested(account, by)


def test_the_same_offer_is_the_same_top_up(account: Account, by: User) -> None:
    now = timezone.now()
    offer = vouchers.look(account=account, card=CARD, by=by, address="192.0.2.1", now=now)
    made = {vouchers.request(account=account, offer=offer, by=by, now=now, send_by_worker=False).pk for _ in range(3)}
    assert len(made) == 1


def of_the_same_card(topup: TopUp) -> TopUp:
    return TopUpFactory.build(
        account=topup.account, requested_by=topup.requested_by, source=topup.source, card=topup.card
    )


def without_a_card(topup: TopUp) -> TopUp:
    return TopUpFactory.build(account=topup.account, requested_by=topup.requested_by, source=topup.source)


def with_a_card_by_the_operator(topup: TopUp) -> TopUp:
    return TopUpFactory.build(account=topup.account, requested_by=topup.requested_by, card="0" * 64)


@pytest.mark.parametrize("wrong", [of_the_same_card, without_a_card, with_a_card_by_the_operator])
def test_the_database_refuses_a_second_top_up_of_a_card(
    account: Account, by: User, wrong: Callable[[TopUp], TopUp]
) -> None:
    topup = requested(account, by)
    with pytest.raises(IntegrityError), transaction.atomic():
        wrong(topup).save()


def test_the_database_refuses_to_change_or_to_keep_a_card(account: Account, by: User) -> None:
    topup = requested(account, by)
    with pytest.raises(DatabaseError), transaction.atomic():
        TopUp.objects.filter(pk=topup.pk).update(card="0" * 64)
    topup_sending.send(topup_id=topup.pk, now=timezone.now())
    with pytest.raises(IntegrityError), transaction.atomic():
        TopUp.objects.filter(pk=topup.pk).update(sealed_card="something")


def test_the_same_number_on_two_switches_is_two_cards(account: Account, switch: Switch) -> None:
    other = TopUpFactory.create().account.switch
    assert voucher_cards.digest_of(switch=switch, card=CARD) != voucher_cards.digest_of(switch=other, card=CARD)
    assert voucher_cards.digest_of(switch=switch, card=CARD) != voucher_cards.digest_of(switch=switch, card=ANOTHER)


def test_a_card_never_shows_itself(account: Account, by: User) -> None:
    offer = vouchers.look(account=account, card=CARD, by=by, address="192.0.2.1", now=timezone.now())
    for shown in (repr(CARD), str(CARD), repr(offer.card)):
        assert shown == "Card()"
    assert "card=Card()," in repr(offer)
