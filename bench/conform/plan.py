"""The plan of one run. It knows nothing of Django, so that the process that starts the runs can write it."""

from __future__ import annotations

import msgspec


class Plan(msgspec.Struct, frozen=True):
    """`size` top-ups, with so many of each kill and crash, so many stops, and before them the state machine's examples.

    `sought`: an invariant at whose violation by the state machine the run may end.
    """

    seed: int
    size: int
    kills_of_each: int = 1
    crashes: int = 0
    stops: int = 10
    bursts: int = 2
    examples: int = 0
    steps: int = 30
    sought: str = ""
