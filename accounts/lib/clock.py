from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta


@dataclass(frozen=True)
class Clock:
    """The caller's clock, which runs on from when it was passed in: for services that wait for others in between."""

    started: datetime
    _began: float = field(default_factory=time.monotonic, repr=False)

    def now(self) -> datetime:
        return self.started + timedelta(seconds=time.monotonic() - self._began)


def running_time() -> float:
    """Seconds since the machine started, those of a suspended machine too where the system counts them."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class Deadline:
    """A span of time from now on that ends by whichever clock comes first: the running time, or the wall clock.

    A stopped process or a suspended machine notices by one of them when it goes on, and a wall clock that was set back
    does not lengthen it.
    """

    def __init__(
        self, within: timedelta, *, running: Callable[[], float] = running_time, wall: Callable[[], float] = time.time
    ) -> None:
        self._clocks = (running, wall)
        self._ends = tuple(clock() + within.total_seconds() for clock in self._clocks)

    @property
    def has_passed(self) -> bool:
        return any(clock() >= end for clock, end in zip(self._clocks, self._ends, strict=True))
