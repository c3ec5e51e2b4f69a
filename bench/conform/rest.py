"""How a run ends: faults are over, and everything that can come to rest does."""

from __future__ import annotations

from datetime import timedelta

from bench.conform.evidence import Seen
from bench.conform.hands import credit_again, decide_reviews, go_on, issue_again
from bench.conform.invariants import AT_REST
from bench.conform.world import World
from billing.topups.models import TopUp
from billing.topups.queries.progress import outcome
from billing.topups.services.states import ENDS

# Beyond the settling time: the last look comes at most so much later.
LAST_LOOK = timedelta(minutes=2)
LOOKS = 15
BETWEEN_DECISIONS = timedelta(minutes=5)
MOST_DECISIONS = 50


def come_to_rest(world: World, seen: Seen) -> None:
    """What was put off is done, the settling time passes; then staff decide what is in review and issue again."""
    world.control.resume()
    world.control.clear_faults()
    world.control.drain()
    until = world.clock.ahead + world.switch.settling_time + LAST_LOOK
    topups = TopUp.objects.filter(account__switch=world.switch).select_related("debit")
    while world.clock.ahead < until and topups.exclude(state__in=AT_REST).exists():
        world.flush_redis()
        go_on(world, world.switch.settling_time / LOOKS)
    seen.at_rest = {topup.reference: outcome(topup) for topup in topups}
    unresolved = topups.exclude(state__in=ENDS)
    for _ in range(MOST_DECISIONS):
        decide_reviews(world)
        issue_again(world)
        credit_again(world)
        if not unresolved.exists():
            return
        world.flush_redis()
        go_on(world, BETWEEN_DECISIONS)
