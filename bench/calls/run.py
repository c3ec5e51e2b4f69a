"""The whole bench on an empty database, part by part."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial

from bench.calls import filling, loading, reading
from bench.calls.plan import Plan
from bench.calls.report import Findings
from bench.calls.world import World, found_switch

Note = Callable[[str], None]
# Where a switch is that nobody asks.
NOWHERE = "http://127.0.0.1:9"


def found_world(plan: Plan, note: Note) -> World:
    switch = found_switch("bench", NOWHERE)
    world = World(plan, switch, filling.found_accounts(plan, switch))
    with filling.indexes_made_after():
        for made in filling.copy_calls(plan, switch, world.accounts):
            note(f"{made:,} calls")
    note("indexes made")
    filling.add_up(plan, world.accounts)
    filling.analyze()
    note("totals and days added up")
    return world


def measure(plan: Plan, findings: Findings, note: Note, *, only: Collection[str] = ()) -> None:
    """`only` these parts, or all."""
    without_calls = {"reading": partial(reading.measure, plan, findings)}
    with_calls = {"loading": loading.measure}
    for name, part in without_calls.items():
        if not only or name in only:
            part()
            note(name)
    wanted = [name for name in with_calls if not only or name in only]
    if wanted:
        world = found_world(plan, note)
        for name in wanted:
            with_calls[name](world, findings)
            note(name)
