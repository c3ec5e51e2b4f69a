"""Says in which time zone a person reads times, and which zones are offered to them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import groupby
from zoneinfo import ZoneInfo, available_timezones

from accounts.models import Switch, User

# Of the many names only those of places: the others are old spellings and offsets without summer time.
REGIONS = ("Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")


@dataclass(frozen=True)
class Place:
    """A zone by the place it is named after, and how far its clocks are from UTC now, such as +01:00."""

    zone: str
    name: str
    offset: str


def zone_of(user: User, switch: Switch) -> ZoneInfo:
    """The zone that the user chose, otherwise the switch's."""
    return ZoneInfo(user.time_zone) if user.time_zone in _known_zones() else switch.zone


def places_by_region(*, now: datetime) -> Iterator[tuple[str, list[Place]]]:
    """The zones that are offered, by region, in the order of their names."""
    for region, zones in groupby(_places(), key=lambda zone: zone.partition("/")[0]):
        yield region, [_place(zone, now) for zone in zones]


def is_offered(name: str) -> bool:
    return name == "UTC" or name in _places()


def _place(zone: str, now: datetime) -> Place:
    name = zone.partition("/")[2].replace("_", " ").replace("/", ", ")
    return Place(zone, name, now.astimezone(_zone(zone)).isoformat(timespec="minutes")[-6:])


@cache
def _zone(name: str) -> ZoneInfo:
    """Python keeps a few zones alone, and would read the files of all others again for every page."""
    return ZoneInfo(name)


@cache
def _places() -> list[str]:
    return sorted(name for name in _known_zones() if name.partition("/")[0] in REGIONS and "/" in name)


@cache
def _known_zones() -> frozenset[str]:
    """Python is asked once: it opens hundreds of files to find out."""
    return frozenset(available_timezones())
