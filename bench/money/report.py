"""What the figures came to: a table for people, one JSON object for programs."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from bench.money.doubts import Resolving
from bench.money.submissions import Load, Pages

CORES = 2


class Check(msgspec.Struct):
    """`goal` is a least or a most, as its name says."""

    value: float
    goal: float
    met: bool


class Report(msgspec.Struct):
    """Times in milliseconds; `load_average` is what the machine had to do besides when the run began."""

    machine: str
    seconds: float
    load_average: float
    size: dict[str, float]
    checks: dict[str, Check]

    @property
    def is_met(self) -> bool:
        return all(check.met for check in self.checks.values())


def report(pages: Mapping[str, Pages], load: Load, doubts: Resolving, *, seconds: float, load_average: float) -> Report:
    size: dict[str, float] = {}
    checks = {}
    for name, page in pages.items():
        size |= {f"{name}: POST": round(page.form, 1), f"{name}: page that inserts one row": round(page.insert, 1)}
        checks[f"{name}: POST at most so many times a page that inserts one row"] = _most(page.ratio, 2)
    size |= {
        "submissions": load.submitted,
        "median POST under load": round(load.median_post, 1),
        "CPU milliseconds of the portal per submission": round(load.cpu_milliseconds_each, 1),
        "in doubt": doubts.doubtful,
        "accounts of these": doubts.accounts,
        "requests to resolve them": doubts.asked,
        "seconds to resolve them": round(doubts.seconds, 2),
    }
    checks |= {
        "submissions a second carried to the end, at least": _least(load.per_second, load.offered * 0.95),
        "submissions a second that two cores' time is enough for, at least": _least(
            CORES * 1000 / load.cpu_milliseconds_each, load.offered
        ),
        "questions for payments, at most one per account": _most(doubts.history, doubts.accounts),
        "confirmed of those in doubt": _least(doubts.confirmed, doubts.doubtful),
    }
    return Report(
        machine=f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        seconds=round(seconds, 1),
        load_average=round(load_average, 1),
        size=size,
        checks=checks,
    )


def _most(value: float, goal: float) -> Check:
    return Check(round(value, 2), goal, value <= goal)


def _least(value: float, goal: float) -> Check:
    return Check(round(value, 2), goal, value >= goal)


def write(result: Report, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(result), indent=2) + b"\n")


def table(result: Report) -> str:
    return "\n".join(_lines(result))


def _lines(result: Report) -> Iterator[str]:
    yield f"{result.machine}; {result.seconds:.0f} s; load average {result.load_average}"
    yield from (f"  {value:>10,g}  {name}" for name, value in result.size.items())
    yield ""
    for name, check in result.checks.items():
        yield f"  {check.value:>10,g}  of {check.goal:>8,g}  {'' if check.met else 'MISSED  '}{name}"
