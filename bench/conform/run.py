"""One seeded run: kills, bursts, top-ups under faults, rest, and then the invariants."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from functools import partial
from random import Random

from django.test import Client

from bench.conform.evidence import Burst, Evidence, Seen
from bench.conform.hands import beside_one_another, decide_reviews, deliver, go_on
from bench.conform.invariants import INVARIANTS
from bench.conform.kills import KillPoint, deliver_all_again, kill_at
from bench.conform.result import Finding, Result
from bench.conform.wishes import Door, Wish, ask, draw, draw_amount
from bench.conform.world import World
from billing.models import Kind as Leg
from billing.models import TopUp
from billing.queries.topups import outcome
from billing.services import topups
from billing.services.states import ENDS
from simulator.faults import Kind

BATCH = 25
CHANCE_OF_A_FAULT = 0.25
BATCHES_PER_PAUSE = 12
BETWEEN_BATCHES = timedelta(seconds=90)
SHORT_WAIT = 0.02
SUBMITS_AT_ONCE = 64
SWITCH_PAUSED = "all connections refused for a while"
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
    faults, refused = _under_faults(world, random, max(0, plan.size - made), seen)
    _come_to_rest(world, seen)
    evidence = Evidence.gather(world, seen)
    credits = [topup for topup in evidence.topups if topup.kind == Leg.CREDIT]
    return Result(
        seed=plan.seed,
        topups=dict(Counter(topup.state for topup in credits)),
        legs=dict(Counter(topup.kind for topup in evidence.topups)),
        faults=faults,
        kills=kills,
        refused_at_the_door=refused,
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
    other = ask(world, replace(wish, amount=wish.amount / 2 + Decimal("0.000001")))
    beside_one_another(*[partial(topups.carry_out, topup_id=_id_of(answers[0]), now=world.now)] * 4)
    return Burst(wish.key, answers, other)


def _browser_like(world: World) -> Client:
    browser = Client(SERVER_NAME="localhost")
    browser.cookies.update(world.browser.cookies)
    return browser


def _under_faults(world: World, random: Random, size: int, seen: Seen) -> tuple[dict[str, int], int]:
    _add_faults(world, random)
    refused = batches = paused = 0
    waiting: list[Wish] = []
    drawn = made = 0
    while made < size:
        batches += 1
        if batches % BATCHES_PER_PAUSE == 2:
            world.control.pause()
            paused += 1
        fresh = [draw(world, random, drawn + number) for number in range(min(BATCH, size - made - len(waiting)))]
        drawn += len(fresh)
        batch, waiting = waiting + fresh, []
        for wish in batch:
            reference = ask(world, wish)
            if reference is None and wish.is_fit:
                waiting.append(wish)  # whoever is refused because a figure could not be had comes again
            elif reference is None:
                refused += 1
            else:
                made += 1
                if not wish.is_fit:
                    seen.unfit_accepted.append(reference)
                deliver(world, random, _id_of(reference))
        world.control.resume()
        world.flush_redis()
        go_on(world, BETWEEN_BATCHES)
    injected: Counter[str] = Counter({SWITCH_PAUSED: paused})
    for fault in world.control.faults():
        injected[fault.kind] += fault.injected
    return dict(injected), refused


def _add_faults(world: World, random: Random) -> None:
    """Of every kind: first each once, then by chance."""
    rate = 1 - (1 - CHANCE_OF_A_FAULT) ** (1 / len(Kind))
    for number, kind in enumerate(Kind):
        waits = kind in (Kind.LATE, Kind.LATE_CODE_BEFORE, Kind.LATE_CODE_AFTER, Kind.SLOW_TRICKLE)
        seconds = SHORT_WAIT if waits else None
        world.control.add_fault("Pay", kind, count=1, after=3 * number, seconds=seconds)
        world.control.add_fault("*", kind, rate=rate, seed=random.getrandbits(32), seconds=seconds)


def _come_to_rest(world: World, seen: Seen) -> None:
    """Faults stop, what was put off is done, the settling time passes; then staff decide what is in review."""
    world.control.clear_faults()
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


def _id_of(reference: str | None) -> int:
    return TopUp.objects.values_list("pk", flat=True).get(reference=reference)
