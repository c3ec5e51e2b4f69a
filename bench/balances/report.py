"""What the proof came to: a table for people, one JSON object for programs."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from bench.balances.discrepancies import KINDS
from bench.balances.plan import Plan
from bench.balances.verdict import Verdict

MOST_SENTENCES = 10


@dataclass
class Outcome:
    """`before` while only balances were moved, `wrong` with everything wrong, `left` with half put right."""

    before: Verdict
    wrong: Verdict
    left: Verdict
    closed: int
    to_close: int
    put_right: int
    written: int
    failures: list[str]
    calls: int
    payments: int
    charges: int
    days: int


class Check(msgspec.Struct):
    value: int
    goal: int
    met: bool


class Report(msgspec.Struct):
    """`named_right` counts the discrepancies of each kind whose cases all name just that cause."""

    machine: str
    seconds: float
    seed: int
    size: dict[str, int]
    named_right: dict[str, int]
    checks: dict[str, Check]
    sentences: list[str]

    @property
    def is_proven(self) -> bool:
        return all(check.met for check in self.checks.values())


def report(plan: Plan, outcome: Outcome, *, seconds: float) -> Report:
    return Report(
        machine=f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        seconds=round(seconds, 1),
        seed=plan.seed,
        size={
            "zones": len(plan.zones),
            "accounts": plan.accounts,
            "calls": outcome.calls,
            "payments": outcome.payments,
            "charges": outcome.charges,
            "days": outcome.days,
        },
        named_right={str(kind): outcome.wrong.named_right[kind] for kind in KINDS},
        checks={
            "found": _check(outcome.wrong.found, plan.discrepancies),
            "missed": _none(outcome.wrong.missed + outcome.before.missed + outcome.left.missed),
            "in another interval": _none(outcome.wrong.misplaced + outcome.before.misplaced + outcome.left.misplaced),
            "false cases": _none(outcome.wrong.false + outcome.before.false + outcome.left.false),
            "cause named right": _check(sum(outcome.wrong.named_right.values()), plan.discrepancies),
            "cases closed once explained": _check(outcome.closed, outcome.to_close),
            "found still, of those left wrong": _check(outcome.left.found, plan.discrepancies - outcome.put_right),
            "rows written by running again": _check(outcome.written, 0),
            "account-days that could not be read": _none(outcome.failures),
        },
        sentences=[
            *_first("missed", outcome.wrong.missed),
            *_first("misplaced", outcome.wrong.misplaced),
            *_first("false", outcome.wrong.false),
            *_first("false before", outcome.before.false),
            *_first("false after", outcome.left.false),
            *_first("failed", outcome.failures),
        ],
    )


def _check(value: int, goal: int) -> Check:
    return Check(value, goal, value == goal)


def _none(sentences: list[str]) -> Check:
    return _check(len(sentences), 0)


def _first(what: str, sentences: list[str]) -> list[str]:
    return [f"{what}: {text}" for text in sentences[:MOST_SENTENCES]]


def table(result: Report) -> str:
    return "\n".join(_lines(result))


def write(result: Report, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(result), indent=2) + b"\n")


def _lines(result: Report) -> Iterator[str]:
    yield f"{result.machine}; {result.seconds:.0f} s; seed {result.seed}"
    yield ", ".join(f"{count:,} {name}" for name, count in result.size.items())
    yield ""
    for name, check in result.checks.items():
        yield f"  {check.value:>7,}  of {check.goal:>5,}  {'' if check.met else 'MISSED  '}{name}"
    yield ""
    yield "cause named right, by kind"
    yield from (f"  {count:>7,}  {name}" for name, count in result.named_right.items())
    yield from result.sentences
