"""The short form of `make conform`: a few hundred top-ups, every kind of fault, every moment of a kill."""

from __future__ import annotations

import pytest

from bench.conform.kills import KillPoint
from bench.conform.plan import Plan
from bench.conform.run import conform
from bench.conform.world import Ground
from billing.models import Source
from simulator.faults import Kind
from simulator.process import SimulatorProcess
from tests.support.processes import url_of_the_test_database

SEED = 20417


@pytest.mark.django_db(transaction=True)
def test_whatever_fails_every_top_up_happens_once_and_is_told_truly(
    simulator: SimulatorProcess, own_redis: str
) -> None:
    ground = Ground(simulator.url, simulator.control, url_of_the_test_database(), own_redis)
    result = conform(ground, Plan(seed=SEED, size=240))
    assert [finding for finding in result.findings if finding.violations] == []
    assert all(result.faults[kind] for kind in Kind)
    assert all(result.kills[point] for point in KillPoint)
    assert all(result.sources[source] for source in Source)
    assert sum(result.topups.values()) >= 240
