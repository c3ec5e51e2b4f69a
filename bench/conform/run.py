"""One seeded run: the state machine, kills, bursts, top-ups under faults, rest, and then the invariants."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from random import Random

from django.test import Client

from bench.conform.evidence import Burst, Evidence, Seen
from bench.conform.hands import TIMES_DELIVERED, beside_one_another, id_of
from bench.conform.invariants import INVARIANTS
from bench.conform.kills import KillPoint, deliver_all_again, kill_at
from bench.conform.machine import Explored, explore
from bench.conform.rest import come_to_rest
from bench.conform.result import Finding, Result
from bench.conform.storm import Storm
from bench.conform.wishes import SMALLEST, Door, Wish, ask, draw_amount
from bench.conform.world import Ground, World
from billing.models import Kind
from billing.services import topups

SUBMITS_AT_ONCE = 64


@dataclass(frozen=True)
class Plan:
    seed: int
    size: int
    kills_of_each: int = 1
    bursts: int = 2
    examples: int = 0
    steps: int = 30


def conform(ground: Ground, plan: Plan) -> Result:
    """`size` top-ups, and those that the state machine makes besides."""
    explored = Explored()
    if plan.examples:
        explored = explore(ground.world, seed=plan.seed, examples=plan.examples, steps=plan.steps)
    world, random, seen = ground.world(), Random(plan.seed), Seen()
    kills = _kill(world, plan, random)
    seen.bursts = [_burst(world, random, number) for number in range(plan.bursts)]
    made = sum(kills.values()) + plan.bursts
    storm = Storm(world, random, seen, size=max(0, plan.size - made))
    storm.blow()
    faults = storm.injected()
    come_to_rest(world, seen)
    return _result(plan, world, storm, Evidence.gather(world, seen), explored, faults=faults, kills=kills)


def _result(
    plan: Plan,
    world: World,
    storm: Storm,
    evidence: Evidence,
    explored: Explored,
    *,
    faults: Mapping[str, int],
    kills: Mapping[str, int],
) -> Result:
    credits = Counter[str](topup.state for topup in evidence.topups if topup.kind == Kind.CREDIT)
    return Result(
        seed=plan.seed,
        topups=dict(credits + explored.topups),
        legs=dict(Counter[str](topup.kind for topup in evidence.topups) + explored.legs),
        faults=dict(Counter(faults) + explored.faults),
        kills=dict(kills),
        deaths=dict(explored.deaths),
        examples=explored.examples,
        steps=explored.steps,
        virtual_seconds=(explored.skipped + world.clock.ahead).total_seconds(),
        refused_at_the_door=storm.refused,
        redis_flushes=world.redis_flushes,
        pays_received=len(evidence.received) + explored.pays_received,
        findings=[
            Finding(name, (check.__doc__ or "").strip(), [*explored.violations.get(name, []), *check(evidence)])
            for name, check in INVARIANTS.items()
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
