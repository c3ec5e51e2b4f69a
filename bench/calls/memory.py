"""How much memory a worker holds while it fetches a day, by the size of the day."""

from __future__ import annotations

from datetime import date, timedelta

from accounts.models import Account
from bench.calls import wire
from bench.calls.children import MEGABYTE
from bench.calls.feeder import feeder
from bench.calls.fetching import Fetched, fetch_apart
from bench.calls.report import Findings
from bench.calls.world import World, found_switch

LARGE, SMALL = 1_000_000_000, 250_000_000
# Of a short run.
SHORTENED = 4000


def measure(world: World, findings: Findings) -> None:
    sizes = (LARGE, SMALL) if world.plan.is_full else (LARGE // SHORTENED, SMALL // SHORTENED)
    day = world.plan.last + timedelta(days=1)
    large, small = (_fetched(world, size, day) for size in sizes)
    findings.figure("memory: MB of a worker that has done nothing", large.before / MEGABYTE)
    findings.figure("memory: MB at most while fetching 250 MB", small.most / MEGABYTE)
    findings.figure(
        "memory: MB at most while fetching 1 GB, less that of having done nothing",
        (large.most - large.before) / MEGABYTE,
    )
    findings.most("memory while fetching a 1 GB day, MB", large.most / MEGABYTE, 128)
    findings.most("memory of 1 GB over that of 250 MB", large.most / small.most, 1.1)


def _fetched(world: World, size: int, day: date) -> Fetched:
    count = size * 1000 // len(b"".join(wire.pieces(account="M-1", day=day, count=1000)))
    with feeder(count) as url:
        switch = found_switch(f"feeder-of-{size}", url)
        account = Account.objects.create(switch=switch, number="M-1")
        fetched = fetch_apart(world.environ, account.pk, day)
    assert fetched.calls == count
    return fetched
