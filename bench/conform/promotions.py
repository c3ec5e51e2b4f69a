"""The primary dies and its asynchronous standby takes over, without what was written last."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from random import Random

from django.core.management import call_command

from bench.conform.evidence import Evidence, Seen
from bench.conform.invariants import INVARIANTS
from bench.conform.losses import found_again, lose_writes
from bench.conform.rest import come_to_rest
from bench.conform.standbys import PrimaryAndStandby, pointed_to
from bench.conform.world import Ground


@dataclass
class Promoted:
    """What was done, how it was found again, and the violations by the invariant's name."""

    counts: dict[str, int] = field(default_factory=dict)
    violations: dict[str, list[str]] = field(default_factory=dict)


def promote_standbys(ground: Ground, random: Random, rounds: int) -> Promoted:
    """In a world of its own, on two PostgreSQL clusters of its own."""
    seen = Seen()
    with PrimaryAndStandby() as servers, pointed_to(servers.url):
        call_command("migrate", verbosity=0)
        world = replace(ground, database_url=servers.url).world()
        for number in range(rounds):
            lose_writes(world, random, seen, servers, f"promotion-{number}", with_redis=number % 2 == 1)
        come_to_rest(world, seen)
        evidence = Evidence.gather(world, seen)
        counts = {"standbys promoted": rounds, "top-ups": len(evidence.topups), **found_again(evidence)}
        return Promoted(counts, {name: list(check(evidence)) for name, check in INVARIANTS.items()})
