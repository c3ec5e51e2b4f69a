"""Many submits of one form at the same moment."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from random import Random

from bench.conform.evidence import Burst
from bench.conform.hands import TIMES_DELIVERED, beside_one_another, id_of
from bench.conform.orders import SMALLEST, Door, Order, ask, draw_amount
from bench.conform.web import submit_at_once, web
from bench.conform.world import World
from billing.topups.services import sending as topup_sending

SUBMITS_AT_ONCE = 64
# Each holds a connection of the database.
THREADS = 16


def burst(world: World, random: Random, number: int) -> list[Burst]:
    """Of a reseller over HTTP to the portal's own web server, then of the operator through the service, in turn."""
    bursts = []
    with web(world) as port:
        for place in range(number):
            world.flush_redis()  # Or the portal would find that this person asks for a lot.
            order = _order(world, random, place)
            orders = [order] * SUBMITS_AT_ONCE
            if order.door is Door.FORM:
                answers = submit_at_once(world, port, orders)
            else:
                answers = beside_one_another(*[partial(ask, world, order) for order in orders], threads=THREADS)
            bursts.append(_after(world, order, answers))
    return bursts


def _order(world: World, random: Random, place: int) -> Order:
    agent, accounts, door = [
        (world.payer, world.debited, Door.FORM),
        (None, world.single, Door.SERVICE),
        (world.voucher, world.vouched, Door.FORM),
    ][place % 3]
    return Order(random.choice(accounts), agent, draw_amount(random), door, f"burst-{place}")


def _after(world: World, order: Order, answers: list[str | None]) -> Burst:
    """The same key with another body; then whatever was made is delivered four times at once."""
    other = ask(world, replace(order, amount=SMALLEST * (2 if order.amount == SMALLEST else 1)))
    for reference in filter(None, set(answers)):
        carry_out = partial(topup_sending.carry_out, topup_id=id_of(reference), now=world.now)
        beside_one_another(*[carry_out] * TIMES_DELIVERED)
    return Burst(order.key, answers, other)
