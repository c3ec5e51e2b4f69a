from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from simulator.process import SimulatorProcess


def test_a_kept_world_goes_on_at_the_next_start(tmp_path: Path) -> None:
    kept = ("--quiet-world", "--state-file", str(tmp_path / "world"))
    with SimulatorProcess(*kept) as first:
        first.control.pay("C-301", Decimal("12.5"), memo="before the restart")
        before = first.control.account("C-301")

    with SimulatorProcess(*kept) as second:
        assert second.control.account("C-301") == before


def test_a_world_that_is_not_kept_is_fresh_each_time() -> None:
    with SimulatorProcess("--quiet-world") as first:
        first.control.pay("C-301", Decimal("12.5"), memo="before the restart")

    with SimulatorProcess("--quiet-world") as second:
        assert "before the restart" not in [pay.memo for pay in second.control.account("C-301").pays]
