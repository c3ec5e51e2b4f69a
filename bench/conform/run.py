"""One seeded run: the state machine, promotions, kills, stops, restores, bursts, faults, rest, then the invariants."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from random import Random

import msgspec

from bench.conform.bursts import burst
from bench.conform.evidence import Evidence, Seen
from bench.conform.explored import Explored
from bench.conform.invariants import INVARIANTS
from bench.conform.kills import KillPoint, deliver_all_again, kill_at
from bench.conform.losses import found_again
from bench.conform.machine import explore
from bench.conform.plan import Plan
from bench.conform.promotions import Promoted, promote_standbys
from bench.conform.rest import come_to_rest
from bench.conform.restarts import crash_servers
from bench.conform.restores import restore_backups
from bench.conform.result import Finding, Result
from bench.conform.servers import Servers
from bench.conform.stops import stop_senders
from bench.conform.storm import Storm
from bench.conform.world import Ground, World
from billing.topups.models import Kind


def conform(ground: Ground, plan: Plan, servers: Servers | None = None) -> Result:
    """`size` top-ups, and those that the state machine makes besides. Only servers of one's own can crash."""
    explored = Explored()
    if plan.examples:
        explored = explore(ground.world, seed=plan.seed, examples=plan.examples, steps=plan.steps)
    if plan.sought in explored.violations:
        plan = msgspec.structs.replace(plan, size=0, kills_of_each=0, crashes=0, bursts=0, stops=0)
        plan = msgspec.structs.replace(plan, restores=0, promotions=0)
    promoted = promote_standbys(ground, Random(plan.seed), plan.promotions) if plan.promotions else Promoted()
    world, random, seen = ground.world(), Random(plan.seed), Seen()
    kills = _kill(world, plan, random)
    crashes = crash_servers(world, servers, random, plan.crashes) if servers and plan.crashes else {}
    stops = stop_senders(world, random, plan.stops) if plan.stops else {}
    restores = restore_backups(world, random, seen, plan.restores) if plan.restores else {}
    seen.bursts = burst(world, random, plan.bursts) if plan.bursts else []
    storm = Storm(world, random, seen, size=plan.size)
    storm.blow()
    faults = storm.injected()
    come_to_rest(world, seen)
    evidence = Evidence.gather(world, seen)
    return _result(
        plan,
        world,
        storm,
        evidence,
        explored,
        promoted,
        faults=faults,
        kills=kills,
        crashes=crashes,
        stops=stops,
        restores={**restores, **found_again(evidence)},
    )


def _result(
    plan: Plan,
    world: World,
    storm: Storm,
    evidence: Evidence,
    explored: Explored,
    promoted: Promoted,
    *,
    faults: Mapping[str, int],
    kills: Mapping[str, int],
    crashes: Mapping[str, int],
    stops: Mapping[str, int],
    restores: Mapping[str, int],
) -> Result:
    credit_topups = Counter[str](
        topup.state for topup in evidence.topups if topup.kind == Kind.CREDIT and topup.reissue_of is None
    )
    return Result(
        seed=plan.seed,
        topups=dict(credit_topups + explored.topups),
        sources=dict(
            Counter[str](topup.source for topup in evidence.topups if topup.kind == Kind.CREDIT) + explored.sources
        ),
        legs=dict(Counter[str](topup.kind for topup in evidence.topups) + explored.legs),
        faults=dict(Counter(faults) + explored.faults),
        kills=dict(kills),
        crashes=dict(crashes),
        stops=dict(stops),
        restores=dict(restores),
        promotions=promoted.counts,
        deaths=dict(explored.deaths),
        examples=explored.examples,
        steps=explored.steps,
        virtual_seconds=(explored.skipped + world.clock.ahead).total_seconds(),
        refused_at_the_door=storm.refused,
        redis_flushes=world.redis_flushes,
        pays_received=len(evidence.received) + explored.pays_received,
        findings=[
            Finding(
                name,
                (check.__doc__ or "").strip(),
                [*explored.violations.get(name, []), *promoted.violations.get(name, []), *check(evidence)],
            )
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
