from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta


@dataclass(frozen=True)
class Clock:
    """The caller's clock, which runs on from when it was passed in: for services that wait for others in between."""

    started: datetime
    _began: float = field(default_factory=time.monotonic, repr=False)

    def now(self) -> datetime:
        return self.started + timedelta(seconds=time.monotonic() - self._began)
