"""What the figures came to: a table for people, one JSON object for programs."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from pathlib import Path

import msgspec


class Check(msgspec.Struct):
    """`goal` is a least or a most, as its name says."""

    value: float
    goal: float
    met: bool


class Report(msgspec.Struct):
    """`size` is the number of calls. `figures` are what the ratios are made of; `others` stand beside the checks.

    `load_average` is what the machine had to do besides when the run began.
    """

    machine: str
    size: int
    seconds: float
    load_average: float
    checks: dict[str, Check]
    figures: dict[str, float]
    others: dict[str, float]

    @property
    def is_met(self) -> bool:
        return all(check.met for check in self.checks.values())


class Findings:
    """Collected while a run goes on, so that one that ends early still says what it found."""

    def __init__(self) -> None:
        self.checks: dict[str, Check] = {}
        self.figures: dict[str, float] = {}
        self.others: dict[str, float] = {}

    def least(self, name: str, value: float, goal: float) -> None:
        self.checks[f"{name}, at least"] = Check(_rounded(value), goal, value >= goal)

    def most(self, name: str, value: float, goal: float) -> None:
        self.checks[f"{name}, at most"] = Check(_rounded(value), goal, value <= goal)

    def figure(self, name: str, value: float) -> None:
        self.figures[name] = _rounded(value)

    def other(self, name: str, value: float) -> None:
        self.others[name] = _rounded(value)

    def report(self, *, size: int, seconds: float, load_average: float) -> Report:
        return Report(
            machine=machine(),
            size=size,
            seconds=round(seconds, 1),
            load_average=round(load_average, 1),
            checks=self.checks,
            figures=self.figures,
            others=self.others,
        )


def machine() -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, {memory:.0f} GB,"
        f" Python {platform.python_version()}"
    )


def write(result: Report, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(result), indent=2) + b"\n")


def table(result: Report) -> str:
    return "\n".join(_lines(result))


def _lines(result: Report) -> Iterator[str]:
    yield f"{result.machine}; {result.size:,} calls; {result.seconds:.0f} s; load average {result.load_average}"
    yield ""
    for name, check in result.checks.items():
        yield f"  {check.value:>12,g}  of {check.goal:>6,g}  {'' if check.met else 'MISSED  '}{name}"
    for title, figures in (("beside these", result.others), ("from", result.figures)):
        yield f"\n  {title}:"
        yield from (f"  {value:>12,g}  {name}" for name, value in figures.items())


def _rounded(value: float) -> float:
    """To four figures."""
    return float(f"{value:.4g}")
