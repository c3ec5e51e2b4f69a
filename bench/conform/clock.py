"""The time that a run lives by."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from simulator.control import Control


@dataclass
class VirtualClock:
    """It runs on like the machine's, ahead of it by all that a run has skipped.

    The portal gets its time wherever a service takes one, forms and commands included; the switch's own clock is
    set to it. So half an hour of settling time is over at once, and both sides agree that it is.
    """

    control: Control
    ahead: timedelta = timedelta(0)

    @property
    def now(self) -> datetime:
        return timezone.now() + self.ahead

    def skip(self, by: timedelta) -> None:
        self.ahead += by
        self.control.shift_clock(self.ahead.total_seconds())
