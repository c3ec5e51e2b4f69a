"""One seeded run: kills, bursts, top-ups under faults, rest, and then the invariants."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from random import Random

from django.test import Client

from bench.conform.evidence import Burst, Evidence, Seen
from bench.conform.hands import TIMES_DELIVERED, beside_one_another, decide_reviews, go_on, id_of
from bench.conform.invariants import INVARIANTS
from bench.conform.kills import KillPoint, deliver_all_again, kill_at
from bench.conform.result import Finding, Result
from bench.conform.storm import Storm
from bench.conform.wishes import SMALLEST, Door, Wish, ask, draw_amount
from bench.conform.world import World
from billing.models import Kind, TopUp
from billing.queries.topups import outcome
from billing.services import topups
from billing.services.states import ENDS

SUBMITS_AT_ONCE = 64
# Beyond the settling time: the last look comes at most so much later.
LAST_LOOK = timedelta(minutes=2)


@dataclass(frozen=True)
class Plan:
    seed: int
    size: int
    kills_of_each: int = 1
    bursts: int = 2


def conform(world: World, plan: Plan) -> Result:
    random, seen = Random(plan.seed), Seen()
    kills = _kill(world, plan, random)
    seen.bursts = [_burst(world, random, number) for number in range(plan.bursts)]
    made = sum(kills.values()) + plan.bursts
    storm = Storm(world, random, seen, size=max(0, plan.size - made))
    storm.blow()
    faults = storm.injected()
    world.control.clear_faults()
    _come_to_rest(world, seen)
    evidence = Evidence.gather(world, seen)
    credits = [topup for topup in evidence.topups if topup.kind == Kind.CREDIT]
    return Result(
        seed=plan.seed,
        topups=dict(Counter(topup.state for topup in credits)),
        legs=dict(Counter(topup.kind for topup in evidence.topups)),
        faults=faults,
        kills=kills,
        refused_at_the_door=storm.refused,
        redis_flushes=world.redis_flushes,
        pays_received=len(evidence.received),
        findings=[
            Finding(name, (check.__doc__ or "").strip(), list(check(evidence))) for name, check in INVARIANTS.items()
        ],
    )


def _kill(world: World, plan: Plan, random: Random) -> dict[str, int]:
    """Before the clock is moved: a real worker lives by the real one."""
    points = [point for point in KillPoint for _ in range(plan.kills_of_each)]
    killed = [kill_at(world, point, random, number) for number, point in enumerate(points)]
    if killed:
        deliver_all_again(world, killed)
    return {str(point): points.count(point) for point in KillPoint}


def _burst(world: World, random: Random, number: int) -> Burst:
    """Of the operator through the service, of a reseller through the form, in turn."""
    agent, accounts, door = [(None, world.single, Door.SERVICE), (world.voucher, world.vouched, Door.FORM)][number % 2]
    wish = Wish(random.choice(accounts), agent, draw_amount(random), door, f"burst-{number}")
    submits = [partial(ask, world, wish, _browser_like(world)) for _ in range(SUBMITS_AT_ONCE)]
    answers = beside_one_another(*submits, threads=SUBMITS_AT_ONCE // 4)
    other = ask(world, replace(wish, amount=SMALLEST * (2 if wish.amount == SMALLEST else 1)))
    for reference in filter(None, set(answers)):
        beside_one_another(*[partial(topups.carry_out, topup_id=id_of(reference), now=world.now)] * TIMES_DELIVERED)
    return Burst(wish.key, answers, other)


def _browser_like(world: World) -> Client:
    browser = Client(SERVER_NAME="localhost")
    browser.cookies.update(world.browser.cookies)
    return browser


def _come_to_rest(world: World, seen: Seen) -> None:
    """What was put off is done, the settling time passes; then staff decide what is in review."""
    world.control.drain()
    until = world.ahead + world.switch.settling_time + LAST_LOOK
    while world.ahead < until:
        world.flush_redis()
        go_on(world, timedelta(minutes=2))
    at_rest = TopUp.objects.filter(account__switch=world.switch).select_related("debit")
    seen.at_rest = {topup.reference: outcome(topup) for topup in at_rest}
    unresolved = at_rest.exclude(state__in=ENDS)
    for _ in range(50):
        if not unresolved.exists():
            return
        decide_reviews(world)
        world.flush_redis()
        go_on(world, timedelta(minutes=5))
