"""Says in which time zone a person reads times, and which zones are offered to them."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from itertools import groupby
from zoneinfo import ZoneInfo, available_timezones

from accounts.models import Switch, User

# Of the many names only those of places: the others are old spellings and offsets without summer time.
REGIONS = ("Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")

Choices = list[tuple[str, list[tuple[str, str]]]]


def zone_of(user: User, switch: Switch) -> ZoneInfo:
    """The zone that the user chose, otherwise the switch's."""
    return ZoneInfo(user.time_zone) if user.time_zone in _known_zones() else switch.zone


def choices(*, now: datetime) -> Choices:
    """Zones by region, each place with how far its clocks are from UTC now."""
    by_region = groupby(_places(), key=lambda name: name.partition("/")[0])
    return [
        ("Everywhere", [("UTC", "UTC")]),
        *((region, [(name, _label(name, now)) for name in names]) for region, names in by_region),
    ]


def is_offered(name: str) -> bool:
    return name == "UTC" or name in _places()


def _label(name: str, now: datetime) -> str:
    place = name.partition("/")[2].replace("_", " ").replace("/", ", ")
    offset = now.astimezone(ZoneInfo(name)).isoformat(timespec="minutes")[-6:]
    return f"{place} (UTC{offset})"


@cache
def _places() -> list[str]:
    return sorted(name for name in _known_zones() if name.partition("/")[0] in REGIONS and "/" in name)


@cache
def _known_zones() -> frozenset[str]:
    """Python is asked once: it opens hundreds of files to find out."""
    return frozenset(available_timezones())
