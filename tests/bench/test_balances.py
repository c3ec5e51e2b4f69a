from __future__ import annotations

import pytest

from bench.balances.plan import Plan
from bench.balances.report import report, table
from bench.balances.run import prove
from simulator.process import SimulatorProcess

PLAN = Plan(seed=1, calls=3000, payments=300, discrepancies=25, accounts=12, days=5, zones=("UTC",))


@pytest.mark.django_db
def test_discrepancies_of_every_kind_are_found_and_nothing_else_is(simulator: SimulatorProcess) -> None:
    outcome = prove(PLAN, {"UTC": (simulator.url, simulator.control)}, note=print)
    result = report(PLAN, outcome, seconds=0)
    assert result.is_proven, table(result)
