"""What a run came to: a table for people, one JSON object for programs."""

from __future__ import annotations

import os
import platform
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from bench.conform.result import Finding, Result

MOST_SENTENCES = 10


class Invariant(msgspec.Struct):
    """`violations` counts, `sentences` are the first of them."""

    name: str
    invariant: str
    violations: int
    sentences: list[str]


class Report(msgspec.Struct):
    """All shards together."""

    machine: str
    seconds: float
    seeds: list[int]
    size: int
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
    virtual_hours: float
    refused_at_the_door: int
    redis_flushes: int
    pays_received: int
    invariants: list[Invariant]

    @property
    def violations(self) -> int:
        return sum(invariant.violations for invariant in self.invariants)


def combine(results: Sequence[Result], *, seconds: float) -> Report:
    return Report(
        machine=f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        seconds=round(seconds, 1),
        seeds=[result.seed for result in results],
        size=sum(sum(result.topups.values()) for result in results),
        topups=_sum(result.topups for result in results),
        sources=_sum(result.sources for result in results),
        legs=_sum(result.legs for result in results),
        faults=_sum(result.faults for result in results),
        kills=_sum(result.kills for result in results),
        crashes=_sum(result.crashes for result in results),
        stops=_sum(result.stops for result in results),
        restores=_sum(result.restores for result in results),
        promotions=_sum(result.promotions for result in results),
        deaths=_sum(result.deaths for result in results),
        examples=sum(result.examples for result in results),
        steps=sum(result.steps for result in results),
        virtual_hours=round(sum(result.virtual_seconds for result in results) / 3600, 1),
        refused_at_the_door=sum(result.refused_at_the_door for result in results),
        redis_flushes=sum(result.redis_flushes for result in results),
        pays_received=sum(result.pays_received for result in results),
        invariants=[_together(found, results) for found in zip(*(result.findings for result in results), strict=True)],
    )


def _together(found: Sequence[Finding], results: Sequence[Result]) -> Invariant:
    sentences = [
        f"seed {result.seed}: {text}"
        for finding, result in zip(found, results, strict=True)
        for text in finding.violations
    ]
    return Invariant(found[0].name, found[0].invariant, len(sentences), sentences[:MOST_SENTENCES])


def table(report: Report) -> str:
    return "\n".join(_lines(report))


def write(report: Report, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n")


def _lines(report: Report) -> Iterator[str]:
    yield f"{report.machine}; {report.seconds:.0f} s; seeds {', '.join(map(str, report.seeds))}"
    yield from _section(f"{report.size:,} top-ups by final state", report.topups)
    yield from _section("by source", report.sources)
    yield from _section(f"{report.pays_received:,} Pays received; rows by leg", report.legs)
    yield from _section("faults injected", report.faults)
    yield from _section("workers killed", report.kills)
    yield from _section("servers crashed under a living worker", report.crashes)
    yield from _section("senders stopped for seconds to hours", report.stops)
    yield from _section("backups restored", report.restores)
    yield from _section("asynchronous standbys promoted", report.promotions)
    yield from _section("deaths in the state machine", report.deaths)
    others = {
        "refused at the door": report.refused_at_the_door,
        "Redis flushed": report.redis_flushes,
        "examples of the state machine": report.examples,
        "steps of the state machine": report.steps,
        "hours by the virtual clock": round(report.virtual_hours),
    }
    yield from _section("besides", others)
    yield ""
    yield "violations"
    for invariant in report.invariants:
        yield f"  {invariant.violations:>7,}  {invariant.name:<4} {invariant.invariant}"
        yield from (f"             {text}" for text in invariant.sentences)


def _section(title: str, counts: Mapping[str, int]) -> Iterator[str]:
    yield ""
    yield title
    yield from (f"  {count:>7,}  {name}" for name, count in sorted(counts.items()))


def _sum(parts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for part in parts:
        total.update(part)
    return dict(sorted(total.items()))
