"""The plan of one run. It knows nothing of Django, so that the process that starts the runs can write it."""

from __future__ import annotations

import msgspec


class Plan(msgspec.Struct, frozen=True):
    """`size` top-ups, with so many of each kill, crash, stop, restore and promotion; before, the machine's examples.

    `sought`: an invariant at whose violation by the state machine the run may end.
    """

    seed: int
    size: int
    kills_of_each: int = 1
    crashes: int = 0
    stops: int = 10
    restores: int = 3
    promotions: int = 1
    bursts: int = 2
    examples: int = 0
    steps: int = 30
    sought: str = ""
