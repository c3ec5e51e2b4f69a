from __future__ import annotations

import pytest

from bench.conform.world import Ground
from bench.money.doubts import resolve_many
from simulator.process import SimulatorProcess
from tests.support.processes import url_of_the_test_database


@pytest.mark.django_db(transaction=True)
def test_many_in_doubt_are_resolved_by_one_question_for_payments_per_account(
    simulator: SimulatorProcess, own_redis: str
) -> None:
    ground = Ground(simulator.url, simulator.control, url_of_the_test_database(), own_redis)
    resolved = resolve_many(ground.world(), 36)
    assert (resolved.doubtful, resolved.confirmed) == (36, 36)
    assert resolved.history == resolved.asked == resolved.accounts
    assert resolved.accounts < 36
