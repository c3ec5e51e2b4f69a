"""How long things take beside one another: always in turn, so that what disturbs one disturbs all."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from statistics import median

Act = Callable[[], object]


def in_turn(rounds: int, acts: Mapping[str, Act]) -> dict[str, float]:
    """The median of each in seconds; a first round, which finds nothing warm, is not counted."""
    took: dict[str, list[float]] = {name: [] for name in acts}
    for number in range(rounds + 1):
        for name, act in acts.items():
            seconds = timed(act)
            if number:
                took[name].append(seconds)
    return {name: median(times) for name, times in took.items()}


def timed(act: Act) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def p95(times: Sequence[float]) -> float:
    return sorted(times)[max(0, -(-len(times) * 95 // 100) - 1)]
