"""What the proof came to: a table for people, one JSON object for programs."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from bench.counting.run import Outcome

NAMED_WITHIN = 3
PROVEN_AT_LEAST = 0.99


class Check(msgspec.Struct):
    value: float
    goal: float
    met: bool


class Report(msgspec.Struct):
    machine: str
    seconds: float
    seed: int
    switches: int
    account_days: int
    checks: dict[str, Check]
    sentences: list[str]

    @property
    def is_proven(self) -> bool:
        return all(check.met for check in self.checks.values())


def report(outcomes: Sequence[Outcome], *, seed: int, seconds: float) -> Report:
    days, proven = sum(one.days for one in outcomes), sum(one.proven for one in outcomes)
    right = [one for one in outcomes if one.is_right and one.named_after and one.named_after <= NAMED_WITHIN]
    wrongly = sum(one.wrongly_proven for one in outcomes)
    share = proven / days
    return Report(
        machine=f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        seconds=round(seconds, 1),
        seed=seed,
        switches=len(outcomes),
        account_days=days,
        checks={
            "named right within three days": Check(len(right), len(outcomes), len(right) == len(outcomes)),
            "days proven": Check(round(share, 4), PROVEN_AT_LEAST, share >= PROVEN_AT_LEAST),
            "wrongly proven": Check(wrongly, 0, not wrongly),
        },
        sentences=[_told(one) for one in outcomes if one not in right or one.wrongly_proven or one.proven < one.days],
    )


def _told(one: Outcome) -> str:
    named = f"after {one.named_after} days" if one.named_after else "never"
    left = f"{one.proven} of {one.days} proven, {one.not_known} not known, {one.differing} differ"
    return f"{one.choice}: named {named}, {one.said}; {left}; {one.wrongly_proven} wrongly"


def table(result: Report) -> str:
    return "\n".join(_lines(result))


def write(result: Report, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(result), indent=2) + b"\n")


def _lines(result: Report) -> Iterator[str]:
    yield f"{result.machine}; {result.seconds:.0f} s; seed {result.seed}"
    yield f"{result.switches} switches, {result.account_days:,} days of accounts"
    yield ""
    for name, check in result.checks.items():
        yield f"  {check.value:>8g}  of {check.goal:>5g}  {'' if check.met else 'MISSED  '}{name}"
    yield from result.sentences
