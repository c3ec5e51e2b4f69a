"""Many people with the same few cards, and a switch that fails in every way: a card pays once, and both sides agree.

`pytest tests/topups/test_voucher_storm.py -rP` prints the size.
"""

from __future__ import annotations

import sys
from collections import Counter
from contextlib import suppress
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

import pytest
from django.utils import timezone

from accounts.models import Account, Switch, User
from billing.balances.services import profiles
from billing.lib.redis import connection as redis
from billing.topups.models import TopUp, TopUpState
from billing.topups.services import dead_senders, vouchers
from billing.topups.services import decisions as topup_decisions
from billing.topups.services import sending as topup_sending
from billing.topups.services.doubt_resolution import resolve
from billing.topups.services.errors import TopUpRefused
from billing.topups.services.voucher_cards import Card
from simulator.process import SimulatorProcess
from simulator.records import PayMethod
from tests.support.factories import UserFactory
from tests.support.faults import RANDOM_FAULTS

CARDS = [Card(f"9000000{number}", f"410{number}") for number in range(1, 9)]
ACCOUNTS = ("C-301", "C-302", "C-303")
ROUNDS = 80
CHANCE = 0.6


def gained(simulator: SimulatorProcess, account: Account) -> list[Decimal]:
    rows = simulator.control.account(account.number).pays
    return sorted(row.fee for row in rows if row.pay_type == PayMethod.VOUCHER)


def try_one(draw: Random, accounts: list[Account], people: list[User], later: timedelta) -> TopUp | None:
    now = timezone.now() + later
    account, by, card = draw.choice(accounts), draw.choice(people), draw.choice(CARDS)
    try:
        offer = vouchers.look(account=account, card=card, by=by, address="192.0.2.1", now=now)
        topup = vouchers.request(
            account=account, offer=offer, by=by, now=now, besides_unsettled=True, send_by_worker=False
        )
    except TopUpRefused:
        return None
    for _ in range(draw.choice((1, 1, 2))):
        topup_sending.send(topup_id=topup.pk, now=now)
    return topup


def decide_all(staff: User, now: datetime) -> None:
    """By what the card itself says: the switch has done by then whatever it put off."""
    for topup in TopUp.objects.filter(state=TopUpState.REVIEW).select_related("account__switch"):
        with suppress(topup_decisions.DecisionRefused):
            topup_decisions.decide(topup=topup, verdict=TopUpState.NOT_APPLIED, by=staff, why="Not used", now=now)


@pytest.mark.django_db
def test_each_card_pays_once_and_the_portal_knows_where(switch: Switch, simulator: SimulatorProcess) -> None:
    draw, people = Random(90001), UserFactory.create_batch(4)
    staff = UserFactory.create(is_superuser=True)
    accounts = [profiles.ensure(switch=switch, number=number, now=timezone.now()) for number in ACCOUNTS]
    before = {account.pk: gained(simulator, account) for account in accounts}
    for kind, options in RANDOM_FAULTS:
        simulator.control.add_fault("PayByPhoneCard", kind, count=1, **options)
    for operation in ("PayByPhoneCard", "GetPhoneCard", "GetPayHistory"):
        for kind in ("drop_before", "drop_after", "unlisted_code", "empty_after"):
            simulator.control.add_fault(operation, kind, rate=CHANCE / 8, seed=draw.randrange(1000))

    for number in range(ROUNDS):
        later = timedelta(minutes=10 * number)
        simulator.control.shift_clock(later.total_seconds())
        try_one(draw, accounts, people, later)
        redis().delete(f"switch:{switch.pk}:breaker", f"switch:{switch.pk}:failures", *redis().keys("guesses:*"))
        if number % 4 == 3:
            simulator.control.drain()
            dead_senders.sweep(now=timezone.now() + later)
            for _ in range(3):
                resolve(switch=switch, now=timezone.now() + later)
            decide_all(staff, timezone.now() + later)
    faults = sum(fault.injected for fault in simulator.control.faults() if fault.operation == "PayByPhoneCard")
    simulator.control.clear_faults()
    simulator.control.drain()
    simulator.control.shift_clock(600 * ROUNDS)
    for minutes in (1, 40, 45, 50, 55):
        now = timezone.now() + timedelta(minutes=10 * ROUNDS + minutes)
        dead_senders.sweep(now=now)
        resolve(switch=switch, now=now)

    made = list(TopUp.objects.all())
    states = Counter(topup.state for topup in made)
    assert set(states) <= {TopUpState.CONFIRMED, TopUpState.REFUSED, TopUpState.REVIEW, TopUpState.NOT_APPLIED}
    assert min(states[TopUpState.CONFIRMED], faults) > 3
    received = Counter(str((request.body or {})["memo"]) for request in simulator.control.received("PayByPhoneCard"))
    assert set(received.values()) == {1}
    paid = [topup for topup in made if topup.state == TopUpState.CONFIRMED]
    assert max(Counter(topup.card for topup in paid).values()) == 1
    for account in accounts:
        new = Counter(gained(simulator, account)) - Counter(before[account.pk])
        assert new == Counter(topup.amount for topup in paid if topup.account_id == account.pk)
    sys.stdout.write(f"{len(received)} cards sent under faults, {faults} of them: {dict(states)}.\n")
