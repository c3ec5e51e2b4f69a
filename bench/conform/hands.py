"""The portal's workers in this process: the services that the tasks call, also several at once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from functools import partial
from random import Random
from typing import TypeVar

from django.db import connections
from django.db.models import Q

from bench.conform.world import World
from billing.batches.services import worker as batch_worker
from billing.card_payments.models import CardPayment, CardPaymentState
from billing.card_payments.services import decisions as card_payment_decisions
from billing.card_payments.services import unreported as unreported_card_payments
from billing.sync.services import mirroring
from billing.topups.models import Answer, Kind, Source, TopUp, TopUpState
from billing.topups.services import dead_senders, reissues
from billing.topups.services import decisions as topup_decisions
from billing.topups.services import sending as topup_sending
from billing.topups.services.doubt_resolution import resolve

T = TypeVar("T")
TIMES_DELIVERED = 4


def deliver(world: World, random: Random, topup_id: int) -> None:
    """Mostly once; now and then never, twice in a row, or four times at once while Redis forgets everything."""
    chance = random.random()
    carry_out = partial(topup_sending.carry_out, topup_id=topup_id, now=world.now)
    if chance < 0.1:
        return
    if chance < 0.15:
        beside_one_another(*[carry_out] * TIMES_DELIVERED, world.flush_redis)
        return
    for _ in range(2 if chance < 0.25 else 1):
        carry_out()


def go_on(world: World, by: timedelta) -> None:
    """Time passes; then two sweeps of each kind run at once, and two looks."""
    world.clock.skip(by)
    beside_one_another(*[partial(unreported_card_payments.sweep, now=world.now)] * 2)
    beside_one_another(*[partial(batch_worker.sweep, now=world.now)] * 2)
    beside_one_another(*[partial(dead_senders.sweep, now=world.now)] * 2)
    beside_one_another(*[partial(resolve, switch=world.switch, now=world.now)] * 2)


def decide_reviews(world: World) -> None:
    """Staff compare what is in review with the mirrored payments; a payment whose memo was cut off is theirs."""
    in_review = TopUp.objects.filter(state=TopUpState.REVIEW).select_related("account__switch")
    for account in {topup.account for topup in in_review}:
        mirroring.mirror(account=account, now=world.now)
    for topup in in_review:
        payment = topup_decisions.candidates(topup).filter(memo=topup.reference[:8]).first()
        # What staff may not decide stays in review, and is found there by the invariants.
        with suppress(topup_decisions.DecisionRefused):
            topup_decisions.decide(
                topup=topup,
                verdict=TopUpState.CONFIRMED if payment else TopUpState.NOT_APPLIED,
                by=world.staff,
                why="Compared with the switch",
                now=world.now,
                payment=payment,
            )


def credit_again(world: World) -> None:
    """Staff credit again what is paid by card, owed and as it was asked for. The person who decided tries to, too."""
    for payment in CardPayment.objects.owed().filter(state=CardPaymentState.PAID):
        for person in (world.staff, world.second):
            # What may still be done, or cannot be looked for just now, waits.
            with suppress(card_payment_decisions.SettlingRefused):
                card_payment_decisions.credit_again(payment=payment, by=person, why="Still owed", now=world.now)


def issue_again(world: World) -> None:
    """What was not applied and is still owed or wanted: one of the staff asks for it, and tries to approve it alone.

    Then another approves it.
    """
    owed = TopUp.objects.filter(Q(kind=Kind.GIVE_BACK) | Q(source=Source.OPERATOR), reissued_as__isnull=True)
    for topup in owed.filter(state=TopUpState.NOT_APPLIED):
        asked = topup.reissues.filter(answer=Answer.OPEN).first()
        reissue = asked or reissues.request(topup=topup, by=world.staff, why="Still owed", now=world.now)
        for approver in (world.staff, world.second):
            # What cannot be looked for just now is still asked for the next time.
            with suppress(reissues.ReissueRefused):
                reissues.approve(reissue=reissue, by=approver, why="Looked on the switch", now=world.now)


def id_of(reference: str | None) -> int:
    return TopUp.objects.filter(reference=reference).values_list("pk", flat=True).latest("pk")


def beside_one_another(*calls: Callable[[], T], threads: int | None = None) -> list[T]:
    """All at once, each in a thread with a database connection of its own."""
    with ThreadPoolExecutor(threads or len(calls)) as pool:
        return [done.result() for done in [pool.submit(_and_hang_up, call) for call in calls]]


def _and_hang_up(call: Callable[[], T]) -> T:
    try:
        return call()
    finally:
        connections.close_all()
