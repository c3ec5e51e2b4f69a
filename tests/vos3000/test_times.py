from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.vos3000.times import day_text, earliest_text, latest_text

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = st.sampled_from([ZoneInfo(name) for name in ("UTC", "Asia/Shanghai", "Europe/Berlin", "Australia/Lord_Howe")])
MOMENTS = st.integers(1420070400_000, 2051222400_000).map(lambda ms: datetime.fromtimestamp(ms / 1000, UTC))


def meanings(text: str, zone: ZoneInfo) -> list[datetime]:
    """The moments that the switch may take the text for."""
    local = datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=zone)
    return [local.replace(fold=fold).astimezone(UTC) for fold in (0, 1)]


def test_moments_are_written_in_the_switchs_zone() -> None:
    moment = datetime(2026, 11, 23, 20, 30, 5, tzinfo=UTC)
    assert earliest_text(moment, ZoneInfo("Asia/Shanghai")) == "20261124043005"
    assert latest_text(moment, ZoneInfo("Asia/Shanghai")) == "20261124043005"
    assert day_text(moment.date()) == "20261123"


def test_parts_of_a_second_are_inside() -> None:
    moment = datetime(2026, 11, 23, 20, 30, 5, 1, tzinfo=UTC)
    assert (earliest_text(moment, ZoneInfo("UTC")), latest_text(moment, ZoneInfo("UTC"))) == (
        "20261123203005",
        "20261123203006",
    )


def test_an_hour_that_comes_twice_is_inside() -> None:
    second_half_past_two = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    assert earliest_text(second_half_past_two, BERLIN) == "20261025023000"
    assert latest_text(second_half_past_two, BERLIN) == "20261025033000"


def test_a_moment_without_a_zone_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="zone"):
        earliest_text(datetime.now(UTC).replace(tzinfo=None), BERLIN)


@given(MOMENTS, ZONES)
def test_a_range_is_never_too_narrow(moment: datetime, zone: ZoneInfo) -> None:
    assert all(meaning <= moment for meaning in meanings(earliest_text(moment, zone), zone))
    assert all(meaning >= moment for meaning in meanings(latest_text(moment, zone), zone))
    widest = timedelta(hours=2, seconds=1)
    assert all(moment - meaning <= widest for meaning in meanings(earliest_text(moment, zone), zone))
    assert all(meaning - moment <= widest for meaning in meanings(latest_text(moment, zone), zone))
