from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, kw_only=True)
class Backoff:
    """Pauses that grow: `first` after the first try, each next one `factor` times as long, up to `longest`.

    A pause no longer grows after `most_steps`, so that a number of tries that goes on for ever overflows nothing.
    """

    first: timedelta
    longest: timedelta
    factor: int = 2
    most_steps: int = 12

    def pause(self, tries_before: int) -> timedelta:
        """How long to wait after a try that `tries_before` others came before."""
        growth: int = self.factor ** max(0, min(tries_before, self.most_steps))
        return min(self.longest, self.first * growth)
