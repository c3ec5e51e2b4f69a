"""Writes that are lost with their database although the switch has acted on them; then everything goes on without them.

What people posted they post again, with the same keys; workers and sweeps work; the operator runs `after_restore`.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from datetime import timedelta
from functools import partial
from random import Random
from typing import Any, Protocol
from unittest import mock

import time_machine
from django.core.management import call_command

from bench.conform.evidence import Evidence, Seen, memo_of
from bench.conform.hands import TIMES_DELIVERED, beside_one_another, go_on, id_of
from bench.conform.orders import Door, Order, ask, draw_amount
from bench.conform.world import World
from billing.topups.models import TopUpState, Transition
from billing.topups.services import sending as topup_sending

EARLIER, LATER = 3, 4
CHANCE_OF_SENDING, CHANCE_OF_POSTING_AGAIN = 0.7, 0.7
# Shorter than what is sent without a look, longer than that, and longer than a top-up is tried.
PAUSES = tuple(timedelta(seconds=seconds) for seconds in (1, 20, 900))


class Loss(Protocol):
    """A way to lose a database: of what is written from the beginning on, nothing is left in the end."""

    def begin(self) -> None: ...

    def end(self) -> None: ...


def lose_writes(world: World, random: Random, seen: Seen, loss: Loss, key: str, *, with_redis: bool) -> None:
    """One loss. Where Redis is lost too, `after_restore` comes before anything else, as its documentation says."""
    orders = [_order(world, random, f"{key}-{number}") for number in range(EARLIER + LATER)]
    _begin_while_sending(world, random, _post(world, seen, orders[:EARLIER]), loss.begin)
    for topup_id in _post(world, seen, orders[EARLIER:]):
        if random.random() < CHANCE_OF_SENDING:
            _deliver(world, random, topup_id)
    loss.end()
    seen.lost |= _received_without_claim(world)
    again = [order for order in orders if random.random() < CHANCE_OF_POSTING_AGAIN]
    goings_on = [partial(_post_again, world, random, seen, again), partial(go_on, world, random.choice(PAUSES))]
    random.shuffle(goings_on)
    if with_redis:
        world.flush_redis()
        after_restore(world)
    for happens in goings_on:
        happens()
    if not with_redis:
        after_restore(world)


def found_again(evidence: Evidence) -> dict[str, int]:
    """How the payments were found whose rows were lost."""
    lost = {row.memo for account in evidence.ledger for row in evidence.rows_with_references(account)}
    lost &= evidence.seen.lost
    tied = lost & evidence.by_reference.keys()
    return {
        "payments whose rows were lost": len(lost),
        "of these tied to a top-up again": len(tied),
        "of these listed as strays": len((lost - tied) & evidence.strays),
    }


def after_restore(world: World) -> None:
    with redirect_stdout(io.StringIO()), time_machine.travel(world.now):
        call_command("after_restore", "--json")


def _order(world: World, random: Random, key: str) -> Order:
    agent, accounts = random.choice(
        [(world.payer, world.debited), (world.voucher, world.vouched), (None, world.single)]
    )
    door = random.choice([Door.SERVICE, Door.FORM]) if agent else Door.SERVICE
    return Order(random.choice(accounts), agent, draw_amount(random), door, key)


def _post(world: World, seen: Seen, orders: Sequence[Order]) -> list[int]:
    topups = []
    for order in orders:
        if reference := ask(world, order):
            seen.posted[order.key].add(reference)
            topups.append(id_of(reference))
    return topups


def _begin_while_sending(world: World, random: Random, topups: Sequence[int], begin: Callable[[], None]) -> None:
    """Begin before one of them is sent, or between its claim and its `Pay`; some of the others still wait then."""
    chosen, amid = random.choice(topups), random.random() < 0.5
    for topup_id in topups:
        if topup_id != chosen:
            if random.random() < CHANCE_OF_SENDING:
                _deliver(world, random, topup_id)
            continue
        with _amid_sending(begin) if amid else _before_sending(begin):
            topup_sending.carry_out(topup_id=topup_id, now=world.now)


@contextmanager
def _before_sending(begin: Callable[[], None]) -> Iterator[None]:
    begin()
    yield


@contextmanager
def _amid_sending(begin: Callable[[], None]) -> Iterator[None]:
    """After the claim was committed, or when nothing came to be claimed."""
    pay, has_begun = topup_sending._pay, False

    def begin_and_pay(*args: Any) -> None:
        nonlocal has_begun
        if not has_begun:
            has_begun = True
            begin()
        pay(*args)

    with mock.patch.object(topup_sending, "_pay", begin_and_pay):
        yield
    if not has_begun:
        begin()


def _deliver(world: World, random: Random, topup_id: int) -> None:
    carry_out = partial(topup_sending.carry_out, topup_id=topup_id, now=world.now)
    beside_one_another(*[carry_out] * random.choice([1, 1, TIMES_DELIVERED]))


def _post_again(world: World, random: Random, seen: Seen, orders: Sequence[Order]) -> None:
    for topup_id in _post(world, seen, orders):
        _deliver(world, random, topup_id)


def _received_without_claim(world: World) -> set[str]:
    """The references under which the switch received a `Pay` that no row tells of."""
    claimed = Transition.objects.filter(to_state=TopUpState.SENDING).values_list("topup__reference", flat=True)
    return {memo_of(request) for request in world.control.received("Pay")} - set(claimed)
