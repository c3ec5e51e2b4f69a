"""The result of one run. It knows nothing of Django, so that the process that waits for the runs can read it."""

from __future__ import annotations

import msgspec


class Finding(msgspec.Struct):
    """An invariant, and each of its violations as a sentence."""

    name: str
    invariant: str
    violations: list[str]


class Result(msgspec.Struct):
    """`topups` counts credits by their final state, `sources` by who pays, `legs` all rows; the others what was done.

    `deaths` are kills within the state machine, whose examples and steps are counted too. `virtual_seconds` is how long
    the run took by its own clock.
    """

    seed: int
    topups: dict[str, int]
    sources: dict[str, int]
    legs: dict[str, int]
    faults: dict[str, int]
    kills: dict[str, int]
    crashes: dict[str, int]
    stops: dict[str, int]
    restores: dict[str, int]
    promotions: dict[str, int]
    deaths: dict[str, int]
    examples: int
    steps: int
    virtual_seconds: float
    refused_at_the_door: int
    redis_flushes: int
    pays_received: int
    findings: list[Finding]
