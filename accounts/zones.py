"""In which zone times are told."""

from __future__ import annotations

from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from accounts.models import Switch, User


def zone_of(user: User, switch: Switch) -> ZoneInfo:
    """The user's choice, otherwise the switch's."""
    return ZoneInfo(user.time_zone) if user.time_zone in _known_zones() else switch.zone


@cache
def _known_zones() -> frozenset[str]:
    """Asked of Python once: it opens hundreds of files to find out."""
    return frozenset(available_timezones())
