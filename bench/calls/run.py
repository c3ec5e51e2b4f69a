"""The whole bench on an empty database, part by part."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from bench.calls import files, filling, filters, growth, loading, manners, memory, pages, reading, shapes, web
from bench.calls.plan import Plan
from bench.calls.report import Findings
from bench.calls.world import NOWHERE, World, found_switch

Note = Callable[[str], None]
# In this order: what only reads finds the tables as they were filled.
PARTS: dict[str, Callable[[World, Findings], None]] = {
    "pages": pages.measure,
    "filters": filters.measure,
    "shapes": shapes.measure,
    "files": files.measure,
    "web": web.measure,
    "manners": manners.measure,
    "loading": loading.measure,
    "memory": memory.measure,
}


def found_world(plan: Plan, environ: Mapping[str, str], note: Note) -> World:
    switch = found_switch("bench", NOWHERE)
    world = World(plan, switch, filling.found_accounts(plan, switch), environ)
    with filling.indexes_made_after():
        for made in filling.copy_calls(plan, switch, world.accounts):
            note(f"{made:,} calls")
    note("indexes made")
    filling.add_up(plan, world.accounts)
    filling.analyze()
    note("totals and days added up")
    return world


def measure(
    plan: Plan, environ: Mapping[str, str], findings: Findings, note: Note, *, only: Collection[str] = ()
) -> None:
    """`only` these parts, or all but `growth`, which fills databases of its own.

    `environ` is that of a process of the portal beside this one.
    """
    if "growth" in only:
        growth.measure(plan, findings, note)
    if not only or "reading" in only:
        reading.measure(plan, findings)
        note("reading")
    wanted = [name for name in PARTS if not only or name in only]
    if wanted:
        world = found_world(plan, environ, note)
        for name in wanted:
            PARTS[name](world, findings)
            note(name)
