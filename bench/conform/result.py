"""What one run came to; knows nothing of Django, so that whoever waits for the runs can read it."""

from __future__ import annotations

import msgspec


class Finding(msgspec.Struct):
    """An invariant, and each of its violations as a sentence."""

    name: str
    invariant: str
    violations: list[str]


class Result(msgspec.Struct):
    """`topups` counts credits by their final state, `legs` all rows, `faults` and `kills` what was done to them."""

    seed: int
    topups: dict[str, int]
    legs: dict[str, int]
    faults: dict[str, int]
    kills: dict[str, int]
    refused_at_the_door: int
    redis_flushes: int
    pays_received: int
    findings: list[Finding]
