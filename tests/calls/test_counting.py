"""By which rule a switch's daily report counts calls is learnt, kept with its evidence, watched, and never mixed."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Account, Switch
from billing.calls.models import CallDay, CountingRule, DayBy, DayState, ReportCalendar
from billing.calls.services.fetching import fetch_days
from billing.calls.services.proving import prove_days
from billing.lib.days import DAY, begin_of, each_day
from simulator.control_orders import CallOrder, Event
from simulator.counting import Counting
from simulator.process import SimulatorProcess
from tests.support.factories import MembershipFactory, SwitchFactory
from tests.support.logins import logged_in
from tests.support.pages import context
from tests.support.staff_pages import listed
from tests.support.staffsite import staff

pytestmark = pytest.mark.django_db

LAST = datetime.now(UTC).date() - 70 * DAY  # the stand-in's own past is shorter
NUMBERS = ("C-301", "C-302", "C-303")
TOKEN = "a-token-that-nobody-guesses"


@pytest.fixture
def unknown(simulator: SimulatorProcess) -> Switch:
    """A switch that was just connected: it is not known how its reports count calls."""
    switch: Switch = SwitchFactory.create(url=simulator.url, counting_rule=False)
    return switch


@pytest.fixture
def accounts(unknown: Switch) -> list[Account]:
    return [MembershipFactory.create(account__switch=unknown, account__number=number).account for number in NUMBERS]


@pytest.fixture
def monitoring(settings: Any) -> Client:
    settings.METRICS_TOKEN = TOKEN
    return Client(headers={"Authorization": f"Bearer {TOKEN}"})


def ring(simulator: SimulatorProcess, number: str, day: date, *, zone: float = 0, seed: int = 0) -> list[int]:
    """Calls of a day of a calendar so many hours east: answered and not, across midnight and not."""
    draw = random.Random(f"{number} {day} {seed}")
    midnight = begin_of(day, UTC) - timedelta(hours=zone)  # type: ignore[arg-type]  # UTC is a zone as well
    times = [(-20.0, 60, 4), (-2.0, 0, 9), (900.0, 60, 5), (85_000.0, 60, 5)]
    times += [(draw.uniform(3600, 80_000), draw.choice((0, 31, 95)), 5) for _ in range(8)]
    events = []
    for after, seconds, ringing in times:
        start = int((midnight + timedelta(seconds=after)).timestamp() * 1000)
        fee = Decimal(seconds * draw.randrange(1000, 9999)).scaleb(-6)
        stop = start + (seconds + ringing) * 1000
        events.append(Event(call=CallOrder(number, "8613900000000", start, seconds, fee, fields={"stop": stop})))
    return simulator.control.history(events)


def follow(accounts: list[Account], first: date, last: date) -> dict[date, set[str]]:
    """Fetch and prove day by day, as the rounds do; return the states of the days at the end."""
    for day in each_day(first, last):
        now = begin_of(day + DAY, UTC) + timedelta(hours=15)  # type: ignore[arg-type]
        fetch_days(accounts=accounts, first=day, last=day + DAY, now=now)
        prove_days(switch=accounts[0].switch, accounts=accounts, first=first, last=day, now=now)
    return states(accounts, first, last)


def states(accounts: list[Account], first: date, last: date) -> dict[date, set[str]]:
    found: dict[date, set[str]] = {day: set() for day in each_day(first, last)}
    for row in CallDay.objects.filter(account__in=accounts, day__range=(first, last)):
        found[row.day].add(row.state)
    return found


def past(simulator: SimulatorProcess, **choice: Any) -> None:
    for number in NUMBERS:
        for back in range(6):
            ring(simulator, number, LAST - back * DAY)
    simulator.control.count(Counting(**choice))


def test_a_single_day_of_an_unknown_switch_does_not_say_how_it_counts(
    unknown: Switch, accounts: list[Account], simulator: SimulatorProcess
) -> None:
    past(simulator, report_rule="stop", unanswered=False)
    fetch_days(accounts=accounts, first=LAST, last=LAST, now=datetime.now(UTC))
    prove_days(switch=unknown, accounts=accounts, first=LAST, last=LAST, now=datetime.now(UTC))
    assert states(accounts, LAST, LAST) == {LAST: {DayState.NOT_KNOWN}}
    assert CountingRule.objects.get().decided_at is None
    asked = simulator.control.stats().requests["GetCdr"]
    assert asked == 1, "to fetch it again would not help"


@pytest.mark.parametrize(
    ("choice", "rule"),
    [
        ({}, (DayBy.START, True)),
        ({"day_rule": "stop"}, (DayBy.END, True)),
        ({"day_rule": "both", "unanswered": False}, (DayBy.BOTH, False)),
        ({"report_rule": "stop", "places": 2}, (DayBy.END, True)),
        ({"day_rule": "stop", "report_rule": "start", "zero_start": True}, (DayBy.START, True)),
        ({"report_rule": "both", "unanswered": False, "zero_start": True, "places": 3}, (DayBy.BOTH, False)),
    ],
)
def test_the_rule_is_learnt_from_complete_days_and_then_proves_them_all(
    accounts: list[Account], simulator: SimulatorProcess, choice: dict[str, Any], rule: tuple[str, bool]
) -> None:
    past(simulator, **choice)
    found = follow(accounts, LAST - 3 * DAY, LAST)
    kept = CountingRule.objects.get()
    assert (kept.day_by, kept.unanswered) == rule
    assert kept.places == choice.get("places", 6)
    assert kept.decided_at is not None
    assert kept.evidence_days >= 3
    # The day before the first is not here: whether a call of it reaches into the first is not known.
    listed_as_counted = choice.get("report_rule", "") in ("", choice.get("day_rule", "start"))
    first = LAST - (3 if listed_as_counted and kept.as_listed else 2) * DAY
    assert all(found[day] == {DayState.PROVEN} for day in each_day(first, LAST)), found


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "America/Los_Angeles"])
@pytest.mark.parametrize("stated", [True, False])
def test_an_account_whose_reports_are_in_another_zone_is_proven_in_that_zone(
    accounts: list[Account], simulator: SimulatorProcess, zone: str, stated: bool
) -> None:
    abroad = accounts[0]
    for day in each_day(LAST - 7 * DAY, LAST + DAY):
        for number in NUMBERS:
            ring(simulator, number, day, zone=_offset(zone, day) if number == abroad.number else 0)
    simulator.control.count(Counting(zones={abroad.number: zone}, states_own_midnight=stated))
    found = follow(accounts, LAST - 5 * DAY, LAST)
    calendar = ReportCalendar.objects.get()
    assert (calendar.account, calendar.is_stated) == (abroad, stated)
    assert calendar.offsets[0] == timedelta(hours=_offset(zone, LAST))
    assert all(found[day] == {DayState.PROVEN} for day in each_day(LAST - 4 * DAY, LAST)), found
    page = logged_in(staff("support")).get(reverse("admin:calls_reportcalendar_changelist"))
    (row,) = listed(page)
    assert calendar.zone in row["zones"].words


def _offset(zone: str, day: date) -> float:
    offset = datetime(day.year, day.month, day.day, 12, tzinfo=ZoneInfo(zone)).utcoffset()
    assert offset is not None
    return offset / timedelta(hours=1)


def test_a_day_that_lacks_a_call_differs_by_the_rule_and_is_not_explained_by_another(
    accounts: list[Account], simulator: SimulatorProcess
) -> None:
    """Without the call that was answered the day has as many as it has answered ones by the other rule."""
    past(simulator, unanswered=False)
    follow(accounts, LAST - 4 * DAY, LAST - DAY)
    assert CountingRule.objects.get().unanswered is False
    free = [("1", 60, 0), ("2", 60, 0), ("3", 0, 0)]
    day, other = LAST + 3 * DAY, accounts[0]
    start = int(begin_of(day, UTC).timestamp() * 1000) + 3_600_000  # type: ignore[arg-type]
    flows = [simulator.control.add_call(other.number, name, start=start, seconds=talked) for name, talked, _ in free]
    simulator.control.count(Counting(unanswered=False, unlisted=[flows[0]]))
    follow([other], day, day)
    row = CallDay.objects.get(account=other, day=day)
    assert (row.reported_calls, row.calls, row.answered) == (2, 2, 1)
    assert row.state == DayState.DIFFERS


def test_a_day_that_speaks_against_the_rule_ends_it_and_it_is_learnt_again(
    accounts: list[Account], simulator: SimulatorProcess, monitoring: Client
) -> None:
    past(simulator)
    follow(accounts, LAST - 4 * DAY, LAST - DAY)
    assert CountingRule.objects.get().decided_at is not None
    # The operator has the report leave out calls that were not answered, from here on.
    simulator.control.count(Counting(unanswered=False))
    for number in NUMBERS:
        for day in each_day(LAST + DAY, LAST + 6 * DAY):
            ring(simulator, number, day)
    found = follow(accounts[:1], LAST + DAY, LAST + 2 * DAY)
    kept = CountingRule.objects.get()
    assert found[LAST + 2 * DAY] == {DayState.NOT_KNOWN}
    assert (kept.decided_at, kept.contradicted_by, kept.learnt_from) == (None, accounts[0], LAST + 2 * DAY)
    name = accounts[0].switch.name
    text = monitoring.get("/metrics").content.decode()
    assert f'portal_counting_unknown{{switch="{name}"}} 1' in text
    assert f'portal_counting_contradicted{{switch="{name}"}} 1' in text
    support = logged_in(staff("support"))
    (line,) = (one for one in context(support.get(reverse("admin:index")))["waiting"] if "countingrule" in one.url)
    assert line.count == 1
    (row,) = listed(support.get(line.url))
    assert "not yet known how this switch counts" in row["rule"].words
    found = follow(accounts, LAST + 3 * DAY, LAST + 5 * DAY)
    kept.refresh_from_db()
    assert (kept.decided_at is not None, kept.unanswered) == (True, False)
    assert found[LAST + 5 * DAY] == {DayState.PROVEN}
    simulator.control.count(Counting())
    later = begin_of(LAST + 7 * DAY, UTC)  # type: ignore[arg-type]
    before = states(accounts, LAST - 3 * DAY, LAST - DAY)
    prove_days(switch=accounts[0].switch, accounts=accounts, first=LAST - 3 * DAY, last=LAST - DAY, now=later)
    assert states(accounts, LAST - 3 * DAY, LAST - DAY) == before, "what was proven by the old rule stays proven"
    kept.refresh_from_db()
    assert kept.decided_at is not None


def test_the_pages_say_that_it_is_not_known_yet(
    unknown: Switch, accounts: list[Account], simulator: SimulatorProcess
) -> None:
    past(simulator, unanswered=False)
    now = datetime.now(UTC)
    fetch_days(accounts=accounts, first=LAST, last=LAST, now=now)
    prove_days(switch=unknown, accounts=accounts, first=LAST, last=LAST, now=now)
    member = logged_in(accounts[0].memberships.get().user)
    page = member.get(reverse("calls", args=[accounts[0].public_id]), {"from": str(LAST), "to": str(LAST)})
    assert "not yet known how this switch counts" in page.content.decode()
