"""The state machine of `make conform`: a few dozen steps, the same in every run; a failure is shrunk and shown."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from bench.conform.explored import Explored
from bench.conform.machine import machine
from bench.conform.world import Ground
from simulator.process import SimulatorProcess
from tests.support.processes import url_of_the_test_database

EXAMPLES, STEPS = 6, 15


@pytest.mark.django_db(transaction=True)
def test_whatever_is_done_in_any_order_the_invariants_hold_after_each_step(
    simulator: SimulatorProcess, own_redis: str
) -> None:
    ground = Ground(simulator.url, simulator.control, url_of_the_test_database(), own_redis)
    explored = Explored()
    few = settings(
        max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None, suppress_health_check=list(HealthCheck)
    )
    run_state_machine_as_test(machine(ground.world, explored), settings=few)
    assert explored.examples >= EXAMPLES
    assert explored.topups["confirmed"] > 0
    assert explored.faults.total() > 0
    assert explored.deaths.total() > 0
