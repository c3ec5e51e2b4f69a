"""Every way in which the switch can fail to answer a `Pay`, over the real simulator."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.utils import timezone

from accounts.models import Account, Switch, User
from billing.balances.models import Payment
from billing.balances.services import profiles
from billing.lib.reasons import Because
from billing.lib.redis import connection as redis
from billing.sync.services import mirroring
from billing.topups.models import Source, TopUp, TopUpReason, TopUpState
from billing.topups.services import dead_senders
from billing.topups.services import decisions as topup_decisions
from billing.topups.services import requests as topup_requests
from billing.topups.services import sending as topup_sending
from billing.topups.services import transfers as topup_transfers
from billing.topups.services.doubt_resolution import resolve
from billing.topups.services.errors import TopUpRefused
from simulator.process import SimulatorProcess
from tests.support.factories import UserFactory
from tests.support.faults import FAULTS, RANDOM_FAULTS, look_until_settled


def account_of(switch: Switch, number: str) -> Account:
    return profiles.ensure(switch=switch, number=number, now=timezone.now())


@pytest.mark.django_db
@pytest.mark.parametrize(("kind", "options", "at_once", "at_last"), FAULTS)
def test_a_faulty_pay_is_sent_once_and_ends_as_the_ledger_says(
    switch: Switch,
    simulator: SimulatorProcess,
    kind: str,
    options: dict[str, Any],
    at_once: TopUpState,
    at_last: TopUpState,
) -> None:
    account, now = account_of(switch, "C-301"), timezone.now()
    before = simulator.control.account("C-301").money
    simulator.control.add_fault("Pay", kind, **options)
    topup = topup_requests.request(
        account=account,
        amount=Decimal("12.345678"),
        by=UserFactory.create(),
        key="k",
        source=Source.OPERATOR,
        now=now,
    )
    assert topup_sending.send(topup_id=topup.pk, now=now).state == at_once

    # Sending, sweeping and looking again, with the fault still there, sends nothing more.
    topup_sending.carry_out(topup_id=topup.pk, now=now)
    dead_senders.sweep(now=now + timedelta(minutes=5))
    simulator.control.drain()
    look_until_settled(switch, now)

    topup.refresh_from_db()
    assert topup.state == at_last
    assert len(simulator.control.received("Pay")) == 1
    gained = simulator.control.account("C-301").money - before
    assert gained == (topup.amount if at_last == TopUpState.CONFIRMED else 0)


@pytest.mark.django_db
def test_a_switch_that_refuses_connections_is_tried_again_and_nothing_was_sent(
    switch: Switch, simulator: SimulatorProcess
) -> None:
    account, now = account_of(switch, "C-301"), timezone.now()
    topup = topup_requests.request(
        account=account, by=UserFactory.create(), amount=Decimal(5), key="k", source=Source.OPERATOR, now=now
    )
    simulator.control.pause()
    try:
        assert topup_sending.send(topup_id=topup.pk, now=now).state == TopUpState.REQUESTED
    finally:
        simulator.control.resume()
    topup.refresh_from_db()
    assert timedelta(seconds=1) <= topup.next_attempt_at - now < timedelta(seconds=3)
    dead_senders.sweep(now=topup.next_attempt_at)
    topup.refresh_from_db()
    assert topup.state == TopUpState.CONFIRMED
    assert len(simulator.control.received("Pay")) == 1
    steps = list(topup.transitions.values_list("to_state", flat=True))
    assert steps == ["requested", "sending", "requested", "sending", "confirmed"]


@pytest.mark.django_db
def test_a_switch_that_stays_away_refuses_at_the_deadline(switch: Switch, simulator: SimulatorProcess) -> None:
    account, now = account_of(switch, "C-301"), timezone.now()
    topup = topup_requests.request(
        account=account, by=UserFactory.create(), amount=Decimal(5), key="k", source=Source.OPERATOR, now=now
    )
    simulator.control.pause()
    try:
        for minute in range(12):
            dead_senders.sweep(now=now + timedelta(minutes=minute))
    finally:
        simulator.control.resume()
    topup.refresh_from_db()
    assert (topup.state, topup.why) == (TopUpState.REFUSED, Because(TopUpReason.NOT_REACHED))
    assert simulator.control.received("Pay") == []


CHANCE = 0.25


class Portal:
    """The whole portal with a clock that the test moves: people, workers, sweeps, looks."""

    def __init__(self, switch: Switch, simulator: SimulatorProcess) -> None:
        self.switch, self.simulator = switch, simulator
        self.now = timezone.now()
        self.by = UserFactory.create(is_staff=True)
        self.by.user_permissions.add(Permission.objects.get(codename="change_topup"))
        self.by = User.objects.get(pk=self.by.pk)
        self.draw = Random(20417)
        profiles.refresh(switch=switch, numbers=["R-100", "C-301"], now=self.now)
        self.agent = account_of(switch, "R-100")
        profiles.refresh_children(agent=self.agent, now=self.now)
        self.children = list(self.agent.children.order_by("number"))
        self.other = account_of(switch, "C-301")
        simulator.control.pay("R-100", Decimal(5000), memo="cash")

    def ask(self, number: int) -> TopUp | None:
        """A person who is refused, because a figure could not be had, comes again with the same form."""
        amount = Decimal(self.draw.randint(1, 5_000_000)).scaleb(-6)
        requested: dict[str, Any] = {
            "amount": amount,
            "by": self.by,
            "key": f"request-{number}",
            "besides_unsettled": True,
        }
        try:
            if number % 2:
                return topup_requests.request(
                    account=self.other, source=Source.OPERATOR, now=self.now, send_by_worker=False, **requested
                )
            child = self.children[number % len(self.children)]
            payer = Account.objects.select_related("switch").get(pk=self.agent.pk)
            return topup_transfers.request(account=child, payer=payer, now=self.now, send_by_worker=False, **requested)
        except TopUpRefused:
            return None

    def pass_time(self, by: timedelta) -> None:
        self.now += by
        dead_senders.sweep(now=self.now)
        resolve(switch=self.switch, now=self.now)

    def decide_reviews(self) -> None:
        """Staff compare what is in review with the mirrored payments; a payment whose memo was cut off is theirs."""
        for topup in TopUp.objects.filter(state=TopUpState.REVIEW).select_related("account__switch"):
            mirroring.mirror(account=topup.account, now=timezone.now())
            possible = topup_decisions.candidates(topup).filter(memo=topup.reference[:8])
            payment = possible.first()
            verdict = TopUpState.CONFIRMED if payment else TopUpState.NOT_APPLIED
            topup_decisions.decide(
                topup=topup, verdict=verdict, by=self.by, why="Compared with the switch", now=self.now, payment=payment
            )

    def accounts(self) -> list[Account]:
        return [self.agent, self.other, *self.children]


@pytest.mark.django_db
def test_under_random_faults_two_hundred_top_ups_end_with_ledger_and_portal_agreeing(
    switch: Switch, simulator: SimulatorProcess
) -> None:
    portal = Portal(switch, simulator)
    control = simulator.control
    before = {account.number: control.account(account.number).money for account in portal.accounts()}
    for seed, (kind, options) in enumerate(RANDOM_FAULTS):
        rate = 1 - (1 - CHANCE) ** (1 / len(RANDOM_FAULTS))
        control.add_fault("*", kind, rate=rate, seed=seed, **options)

    open_wishes = set(range(200))
    while open_wishes:
        for number in sorted(open_wishes):
            topup = portal.ask(number)
            if topup is not None:
                open_wishes.discard(number)
                topup_sending.carry_out(topup_id=topup.pk, now=portal.now)
        redis().flushdb()  # the breaker's pause is over: the real one would take real seconds
        portal.pass_time(timedelta(seconds=20))
    for _ in range(10):
        redis().flushdb()
        portal.pass_time(timedelta(seconds=20))

    injected = sum(fault.injected for fault in control.faults())
    assert injected > 60
    control.clear_faults()
    control.drain()
    unresolved = TopUp.objects.exclude(state__in=["confirmed", "refused", "not_applied"])
    while unresolved.exists():
        redis().flushdb()
        portal.pass_time(timedelta(minutes=5))
        portal.decide_reviews()

    sent = Counter((request.body or {})["memo"] for request in control.received("Pay"))
    assert set(sent.values()) == {1}
    assert set(sent) <= set(TopUp.objects.values_list("reference", flat=True))
    assert TopUp.objects.filter(kind="credit").count() == 200
    for account in portal.accounts():
        confirmed = TopUp.objects.filter(account=account, state=TopUpState.CONFIRMED)
        stated = sum(confirmed.values_list("amount", flat=True), Decimal(0))
        assert control.account(account.number).money - before[account.number] == stated
    paid_by_agent = TopUp.objects.filter(account=portal.agent, state=TopUpState.CONFIRMED)
    got_by_children = TopUp.objects.filter(account__in=portal.children, state=TopUpState.CONFIRMED)
    total = [sum(rows.values_list("amount", flat=True), Decimal(0)) for rows in (paid_by_agent, got_by_children)]
    assert sum(total) == 0
    assert Payment.objects.filter(topup__isnull=False).count() <= TopUp.objects.filter(state="confirmed").count()
