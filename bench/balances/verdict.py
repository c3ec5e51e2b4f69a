"""The cases held against the truth."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal

from bench.balances.discrepancies import Discrepancy, Effect
from billing.balances.models import Case, Cause

# Fees are stated to the millionth: what rounding leaves of a stretch of calls.
TOLERANCE = Decimal("0.0002")


@dataclass
class Verdict:
    """`missed` and `misplaced` are told as sentences, as are the cases that are `false`."""

    found: int = 0
    missed: list[str] = field(default_factory=list)
    misplaced: list[str] = field(default_factory=list)
    false: list[str] = field(default_factory=list)
    named_right: dict[Cause, int] = field(default_factory=lambda: defaultdict(int))
    named_as: dict[tuple[Cause, str], int] = field(default_factory=lambda: defaultdict(int))

    def add(self, other: Verdict) -> None:
        self.found += other.found
        self.missed += other.missed
        self.misplaced += other.misplaced
        self.false += other.false
        for cause, count in other.named_right.items():
            self.named_right[cause] += count
        for named, count in other.named_as.items():
            self.named_as[named] += count


def judge(discrepancies: Sequence[Discrepancy], cases: Iterable[Case]) -> Verdict:
    """A discrepancy is found when each account that it concerns has a case of just this difference around it."""
    by_account: dict[str, list[Case]] = defaultdict(list)
    for case in cases:
        by_account[case.account.number].append(case)
    verdict = Verdict()
    for discrepancy in discrepancies:
        own = [_take(effect, by_account[effect.account]) for effect in discrepancy.truth]
        held = [case for case in own if case is not None]
        if len(held) < len(own):
            verdict.missed.append(_said(discrepancy))
            continue
        verdict.found += 1
        pairs = zip(discrepancy.truth, held, strict=True)
        verdict.misplaced += [
            f"{_said(discrepancy)}: {_told(case)}" for effect, case in pairs if not _is_at(effect, case)
        ]
        if all(case.cause == discrepancy.cause for case in held):
            verdict.named_right[discrepancy.cause] += 1
        for case in held:
            verdict.named_as[discrepancy.cause, case.cause] += 1
    verdict.false = [_told(case) for cases_left in by_account.values() for case in cases_left]
    return verdict


def _take(effect: Effect, cases: list[Case]) -> Case | None:
    at = _instant(effect.at)
    for case in cases:
        if case.begins_at <= at <= case.ends_at and abs(case.difference - effect.difference) <= TOLERANCE:
            cases.remove(case)
            return case
    return None


def _is_at(effect: Effect, case: Case) -> bool:
    """From the balance stated last before it to the one stated next."""
    span = effect.interval
    if case.begins_at != _instant(span.begin):
        return False
    return span.end is None or case.ends_at == _instant(span.end)


def _said(discrepancy: Discrepancy) -> str:
    effects = ", ".join(
        f"{effect.account} {effect.difference} at {_instant(effect.at):%m-%d %H:%M:%S}" for effect in discrepancy.truth
    )
    return f"{discrepancy.cause}: {effects}"


def _told(case: Case) -> str:
    return f"{case} from {case.begins_at:%m-%d %H:%M:%S}, {case.cause}"


def _instant(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
