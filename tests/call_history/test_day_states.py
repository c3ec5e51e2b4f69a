"""How sure the days of a reader's calendar are, whatever zone the reader has chosen."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.call_history.queries.day_states import Calendar, Sureness, touched
from billing.calls.models import CallDay, DayState
from billing.lib.days import day_of
from billing.switches.models import SwitchFailure

UTC_ZONE = ZoneInfo("UTC")
KOLKATA = ZoneInfo("Asia/Kolkata")
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
DAY = date(2026, 11, 17)


def known(day: date, state: DayState, **more: object) -> CallDay:
    return CallDay(day=day, state=state, fetched_at=NOW, **more)


def calendar(*days: CallDay, reader: ZoneInfo = UTC_ZONE, fetching: tuple[date, ...] = ()) -> Calendar:
    return Calendar(reader=reader, switch=UTC_ZONE, known={row.day: row for row in days}, fetching=fetching, now=NOW)


@pytest.mark.parametrize(
    ("state", "expected"),
    [(DayState.PROVEN, "proven"), (DayState.DIFFERS, "differs"), (DayState.FETCHED, "not_checked")],
)
def test_a_day_of_the_same_calendar_is_as_sure_as_the_switchs(state: DayState, expected: str) -> None:
    assert calendar(known(DAY, state)).state_of(DAY).state == expected


def test_a_day_that_touches_two_days_of_the_switch_is_as_sure_as_the_weaker_and_names_both() -> None:
    before = DAY - timedelta(days=1)
    state = calendar(known(before, DayState.DIFFERS), known(DAY, DayState.PROVEN), reader=KOLKATA).state_of(DAY)
    assert state.state == "differs"
    assert [part.day for part in state.explained] == [before, DAY]


def test_a_day_beside_one_that_was_never_fetched_is_not_called_proven() -> None:
    assert calendar(known(DAY, DayState.PROVEN), reader=KOLKATA).state_of(DAY).state == "not_fetched"


def test_a_day_that_is_being_fetched_says_so() -> None:
    assert calendar(known(DAY, DayState.FETCHED), fetching=(DAY,)).state_of(DAY).state == "being_fetched"


def test_the_switchs_today_is_in_progress() -> None:
    assert calendar(known(NOW.date(), DayState.FETCHED)).state_of(NOW.date()).state == "in_progress"


def test_a_try_that_failed_is_told_until_another_one_succeeds() -> None:
    failed = known(DAY, DayState.FETCHED, failed_at=NOW, failure=SwitchFailure.TOO_LATE)
    assert calendar(failed).state_of(DAY).explained == ()
    failed.failed_at = NOW + timedelta(minutes=1)
    assert [part.failure for part in calendar(failed).state_of(DAY).explained] == [SwitchFailure.TOO_LATE]


def test_calls_that_a_day_reports_and_another_day_lists_are_told() -> None:
    assert calendar(known(DAY, DayState.PROVEN)).state_of(DAY).explained == ()
    (part,) = calendar(known(DAY, DayState.PROVEN, elsewhere_calls=2)).state_of(DAY).explained
    assert part.elsewhere == 2


@given(
    at=st.datetimes(datetime(2026, 1, 1), datetime(2026, 11, 20), timezones=st.just(UTC)),  # noqa: DTZ001  # the strategy adds the zone
    reader=st.sampled_from(["Asia/Kolkata", "Australia/Lord_Howe", "America/New_York", "Pacific/Kiritimati"]),
    switch=st.sampled_from(["Asia/Shanghai", "Europe/London", "America/St_Johns"]),
)
def test_every_call_lies_on_a_day_of_the_switch_that_its_readers_day_names(
    at: datetime, reader: str, switch: str
) -> None:
    days = touched(day_of(at, ZoneInfo(reader)), reader=ZoneInfo(reader), switch=ZoneInfo(switch), now=NOW)
    assert day_of(at, ZoneInfo(switch)) in list(days)


def test_nothing_is_surer_than_proven() -> None:
    assert max(Sureness) == Sureness.PROVEN
