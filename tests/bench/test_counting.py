from __future__ import annotations

from random import Random

import pytest

from bench.counting.choices import choices
from bench.counting.report import report, table
from bench.counting.run import prove
from simulator.process import SimulatorProcess

SEED = 1
# Of each zone, some with each rule, counted and not.
SOME = slice(3, None, 14)


@pytest.mark.django_db
def test_how_a_switch_counts_is_named_within_three_days_and_no_day_is_proven_that_should_not_be(
    simulator: SimulatorProcess,
) -> None:
    chosen = choices(Random(SEED))[SOME]
    outcomes = prove(chosen, url=simulator.url, control=simulator.control, seed=SEED, days=5, note=print)
    result = report(outcomes, seed=SEED, seconds=0)
    assert result.is_proven, table(result)
