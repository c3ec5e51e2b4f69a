"""While a top-up of an account may yet arrive, another one is sent only by a person who means it besides."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from functools import partial

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import Account, Switch, User
from billing.balances.services import profiles
from billing.card_payments.services import payments
from billing.topups.models import Kind, RequestReason, Source, TopUp, TopUpState
from billing.topups.queries.unsettled import unsettled_by_account, unsettled_credits
from billing.topups.services import operator_credits, requests, transfers, vouchers
from billing.topups.services.errors import Unsettled
from billing.topups.services.voucher_cards import Offer
from simulator.process import SimulatorProcess
from tests.support.factories import CardPaymentFactory, TopUpFactory, UserFactory
from tests.support.staffsite import staff
from tests.topups.test_vouchers import CARD

pytestmark = pytest.mark.django_db

CHILD, AGENT = "A-20417", "R-100"
UNSETTLED = [TopUpState.REQUESTED, TopUpState.SENDING, TopUpState.IN_DOUBT, TopUpState.REVIEW]
SETTLED = [TopUpState.CONFIRMED, TopUpState.REFUSED, TopUpState.NOT_APPLIED]
LONG_AGO = timedelta(days=40)


@pytest.fixture
def agent(switch: Switch, simulator: SimulatorProcess) -> Account:
    simulator.control.set_money(AGENT, Decimal(1000))
    return profiles.ensure(switch=switch, number=AGENT, now=timezone.now())


@pytest.fixture
def child(switch: Switch, agent: Account) -> Account:
    return profiles.ensure(switch=switch, number=CHILD, now=timezone.now())


def earlier(account: Account, state: TopUpState = TopUpState.IN_DOUBT) -> TopUp:
    """A top-up of another amount, by another person, long before any warning of the switch's setting."""
    at = timezone.now() - LONG_AGO
    settled_at = at if state in SETTLED else None
    row: TopUp = TopUpFactory.create(
        account=account, amount=Decimal("12.3"), requested_at=at, state=state, settled_at=settled_at
    )
    return row


def by_request(child: Account, agent: Account, by: User, *, meant: bool, key: str = "k") -> TopUp:
    return requests.request(
        account=child,
        amount=Decimal(10),
        by=by,
        key=key,
        source=Source.OPERATOR,
        now=timezone.now(),
        send_by_worker=False,
        besides_unsettled=meant,
    )


def by_transfer(child: Account, agent: Account, by: User, *, meant: bool, key: str = "k") -> TopUp:
    return transfers.request(
        account=child,
        payer=agent,
        amount=Decimal(10),
        by=by,
        key=key,
        now=timezone.now(),
        send_by_worker=False,
        besides_unsettled=meant,
    )


def without_debit(child: Account, agent: Account, by: User, *, meant: bool, key: str = "k") -> TopUp:
    Account.objects.filter(pk=agent.pk).update(credit_without_debit=Decimal(500))
    agent.refresh_from_db()
    return by_transfer(child, agent, by, meant=meant, key=key)


def by_operator(child: Account, agent: Account, by: User, *, meant: bool, key: str = "k") -> TopUp:
    return operator_credits.request(
        account=child,
        amount=Decimal(10),
        by=by,
        key=key,
        why="a wrong charge",
        now=timezone.now(),
        besides_unsettled=meant,
    )


def by_voucher(child: Account, agent: Account, by: User, *, meant: bool, key: str = "k") -> TopUp:
    offer = Offer(card=CARD, amount=Decimal(10), expires_at=None, key=key)
    return vouchers.request(
        account=child, offer=offer, by=by, now=timezone.now(), send_by_worker=False, besides_unsettled=meant
    )


DOORS = [by_request, by_transfer, without_debit, by_operator, by_voucher]
each_door = pytest.mark.parametrize("ask", DOORS)


@each_door
@pytest.mark.parametrize("state", UNSETTLED)
def test_another_one_is_refused_unless_it_is_meant(
    child: Account, agent: Account, ask: Callable[..., TopUp], state: TopUpState
) -> None:
    by, first = staff("billing"), earlier(child, state)
    with pytest.raises(Unsettled) as refused:
        ask(child, agent, by, meant=False)
    assert refused.value.topup == first
    assert refused.value.because.reason == RequestReason.UNSETTLED
    assert TopUp.objects.get() == first
    assert ask(child, agent, by, meant=True).state == TopUpState.REQUESTED


@each_door
@pytest.mark.parametrize("state", SETTLED)
def test_what_has_ended_stands_in_no_way(
    child: Account, agent: Account, ask: Callable[..., TopUp], state: TopUpState
) -> None:
    earlier(child, state)
    assert ask(child, agent, staff("billing"), meant=False).state == TopUpState.REQUESTED


@each_door
def test_the_same_request_again_is_the_same_top_up(child: Account, agent: Account, ask: Callable[..., TopUp]) -> None:
    by = staff("billing")
    assert len({ask(child, agent, by, meant=False).pk for _ in range(2)}) == 1
    with pytest.raises((Unsettled, vouchers.CardTaken)):
        ask(child, agent, by, meant=False, key="another form")


def test_only_credits_of_this_very_account_count(child: Account, agent: Account) -> None:
    earlier(agent)
    TopUpFactory.create(
        account=child, kind=Kind.DEBIT, source=Source.TRANSFER, amount=Decimal(-5), state=TopUpState.IN_DOUBT
    )
    assert unsettled_credits(child) == []
    assert by_request(child, agent, UserFactory.create(), meant=False)


def test_the_latest_of_each_account_is_found(child: Account, agent: Account) -> None:
    earlier(child)
    latest = TopUpFactory.create(account=child, requested_at=timezone.now())
    assert unsettled_by_account([child, agent]) == {child.pk: latest}


def test_a_payment_by_card_does_not_begin_but_what_is_paid_is_credited(child: Account, settings: object) -> None:
    settings.PAYMENT_PROVIDER = "demo"  # type: ignore[attr-defined]
    by = UserFactory.create()
    begin = partial(payments.start, account=child, amount=Decimal(10), by=by, key="k", now=timezone.now())
    paid = CardPaymentFactory.create(account=child, paid_by=by, state="paid", paid_at=timezone.now())
    earlier(child)
    with pytest.raises(Unsettled):
        begin()
    assert begin(besides_unsettled=True) == begin()
    assert payments.credit_first(payment=paid, now=timezone.now()) is not None


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("ask", [by_request, by_transfer, by_voucher])
def test_of_two_forms_at_once_one_is_written(child: Account, agent: Account, ask: Callable[..., TopUp]) -> None:
    people = [UserFactory.create() for _ in range(4)]

    def post(by: User) -> TopUp | None:
        try:
            return ask(child, agent, by, meant=False, key=f"of {by.pk}")
        except (Unsettled, vouchers.CardTaken):
            return None
        finally:
            connection.close()

    with ThreadPoolExecutor(len(people)) as pool:
        written = [topup for topup in pool.map(post, people) if topup]
    assert len(written) == TopUp.objects.filter(kind=Kind.CREDIT).count() == 1
