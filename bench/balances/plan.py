"""What a proof is made of: its numbers all follow from the seed."""

from __future__ import annotations

import msgspec


class Plan(msgspec.Struct, frozen=True):
    """Totals over all zones; there is a stand-in switch for each zone."""

    seed: int
    calls: int = 100_000
    payments: int = 5_000
    discrepancies: int = 500
    accounts: int = 120
    days: int = 35
    zones: tuple[str, ...] = ("UTC", "Asia/Shanghai", "America/New_York", "Asia/Kathmandu")
