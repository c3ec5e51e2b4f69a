"""What the state machine came to, all its examples together."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta

from bench.conform.evidence import Evidence
from billing.topups.models import Kind


@dataclass
class Explored:
    """What all examples together did, and what they violated by the invariant's name."""

    examples: int = 0
    steps: int = 0
    topups: Counter[str] = field(default_factory=Counter)
    sources: Counter[str] = field(default_factory=Counter)
    legs: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    deaths: Counter[str] = field(default_factory=Counter)
    pays_received: int = 0
    skipped: timedelta = timedelta(0)
    violations: dict[str, list[str]] = field(default_factory=dict)

    def count(self, evidence: Evidence, *, skipped: timedelta) -> None:
        """One more example has ended."""
        credit_topups = [topup for topup in evidence.topups if topup.kind == Kind.CREDIT and topup.reissue_of is None]
        self.examples += 1
        self.topups.update(topup.state for topup in credit_topups)
        self.sources.update(topup.source for topup in credit_topups)
        self.legs.update(topup.kind for topup in evidence.topups)
        self.pays_received += len(evidence.received)
        self.skipped += skipped
