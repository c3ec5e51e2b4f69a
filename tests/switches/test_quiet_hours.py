"""Hours in which a switch gives no call records, and questions that are about too many days for it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from accounts.models import Account, Switch, User
from billing.balances.services import profiles
from billing.calls.models import Backfill, CallDay
from billing.calls.services import backfill_worker, backfills
from billing.calls.services.fetching import fetch_days
from billing.switches.models import Observation
from billing.switches.services import clients, quiet_hours
from billing.sync.services import rounds
from billing.vos3000 import Refused, Resting
from billing.vos3000.operations.payments import get_pay_history
from billing.vos3000.operations.reports import get_report_customer_fee
from simulator.process import SimulatorProcess
from tests.support.commands import run
from tests.support.factories import MembershipFactory, SwitchFactory
from tests.support.pages import read
from tests.support.visitors import Visitor

pytestmark = pytest.mark.django_db
RECORDS = ("GetCdr", "GetReportCustomerFee")
ROUNDS = (rounds.fetch_today, rounds.fetch_yesterday, rounds.back_fill, rounds.fetch_asked, rounds.prove)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def hours_around(now: datetime, *, begin: timedelta = -HOUR, end: timedelta = HOUR) -> str:
    return f"{now + begin:%H:%M}-{now + end:%H:%M}"


def asked(simulator: SimulatorProcess) -> int:
    requests = simulator.control.stats().requests
    return sum(requests.get(operation, 0) for operation in RECORDS)


@pytest.fixture
def account(switch: Switch) -> Account:
    account = profiles.ensure(switch=switch, number="A-20417", now=timezone.now())
    MembershipFactory.create(account=account)
    return account


@pytest.mark.parametrize(
    ("hours", "at", "until"),
    [
        ("08:00-20:00", "2026-11-20 09:30", "2026-11-20 20:00"),
        ("08:00-20:00", "2026-11-20 08:00", "2026-11-20 20:00"),
        ("08:00-20:00", "2026-11-20 07:59", None),
        ("08:00-20:00", "2026-11-20 20:00", None),
        ("22:00-06:00", "2026-11-20 23:00", "2026-11-21 06:00"),
        ("22:00-06:00", "2026-11-21 05:00", "2026-11-21 06:00"),
        ("22:00-06:00", "2026-11-21 12:00", None),
        ("", "2026-11-20 09:30", None),
    ],
)
@pytest.mark.parametrize("zone", ["UTC", "Asia/Shanghai", "America/New_York"])
def test_the_hours_are_by_the_switchs_clock(hours: str, at: str, until: str | None, zone: str) -> None:
    switch = SwitchFactory.create(time_zone=zone, quiet_hours=hours)
    now = datetime.fromisoformat(at).replace(tzinfo=ZoneInfo(zone))
    expected = until and datetime.fromisoformat(until).replace(tzinfo=ZoneInfo(zone))
    assert quiet_hours.goes_on_at(switch=switch, now=now) == (expected or None)


def test_the_hours_and_the_range_are_settings() -> None:
    options = ["--quiet-hours", "08:00-20:00", "--longest-range", "7"]
    assert run("switch", "main", "http://a.example", *options).code == 0
    switch = Switch.objects.get()
    assert (switch.quiet_hours, switch.longest_range) == ("08:00-20:00", 7)
    assert run("switch", "main", "http://a.example", "--quiet-hours=", "--longest-range=").code == 0
    switch.refresh_from_db()
    assert (switch.quiet_hours, switch.longest_range) == ("", None)


def test_nothing_asks_for_call_records_in_the_hours_that_are_set(
    switch: Switch, account: Account, simulator: SimulatorProcess
) -> None:
    now = timezone.now()
    Switch.objects.update(quiet_hours=hours_around(now))
    switch.refresh_from_db()
    account.switch.refresh_from_db()
    backfills.ask(account=account, first=now.date() - timedelta(days=5), last=now.date(), by=_owner(account), now=now)
    before = asked(simulator)
    for work in ROUNDS:
        assert str(work(switch=switch, now=now))
    with pytest.raises(Resting):
        fetch_days(accounts=[account], first=now.date(), last=now.date(), now=now)
    with pytest.raises(Resting), clients.client(switch) as client:
        get_report_customer_fee(client, accounts=["A-20417"], first=now.date(), last=now.date())
    ran = run("sync", "demo", "--accounts", "A-20417", "--since", f"{now:%Y-%m-%d}", "--json")
    assert "no calls at this time" in str(ran.data["failed"])
    assert asked(simulator) == before
    assert not CallDay.objects.filter(failures__gt=0).exists()
    assert ran.data["payments"] > 0, "payments are no call records"


def test_after_the_hours_everything_comes_in_within_an_hour(
    switch: Switch, account: Account, simulator: SimulatorProcess
) -> None:
    now = timezone.now()
    Switch.objects.update(quiet_hours=hours_around(now, begin=-2 * HOUR, end=-HOUR))
    switch.refresh_from_db()
    quiet = now - HOUR - MINUTE
    assert "no call records before" in str(rounds.fetch_today(switch=switch, now=quiet))
    rounds.fetch_today(switch=switch, now=now)
    assert CallDay.objects.get(account=account, day=now.date()).fetched_at == now


def test_a_request_for_days_outlasts_the_hours(switch: Switch, account: Account) -> None:
    now = timezone.now()
    yesterday = now.date() - timedelta(days=1)
    backfill = backfills.ask(account=account, first=yesterday, last=yesterday, by=_owner(account), now=now - 13 * HOUR)
    assert backfill is not None
    Switch.objects.update(quiet_hours=hours_around(now))
    switch.refresh_from_db()
    backfill_worker.run_slot(switch=switch, now=now)
    assert Backfill.objects.get(ended_at=None).progressed_at == now


@pytest.mark.parametrize("page", ["", "calls/"])
def test_pages_say_when_it_goes_on(zoe: Visitor, page: str) -> None:
    now = datetime.now(UTC)
    shown = read(zoe.client.get(f"/a/{zoe.account.public_id}/{page}"))
    assert "gives out no calls until" not in shown.words
    Switch.objects.update(quiet_hours=hours_around(now))
    shown = read(zoe.client.get(f"/a/{zoe.account.public_id}/{page}"))
    assert f"gives out no calls until {now + HOUR:%H:%M}" in shown.words


@pytest.fixture
def refusing() -> Iterator[SimulatorProcess]:
    now = datetime.now(UTC)
    with SimulatorProcess("--quiet-world", "--quiet-hours", hours_around(now), "--longest-range=3") as process:
        yield process


def test_hours_that_are_not_set_are_learnt_from_a_refusal(refusing: SimulatorProcess) -> None:
    switch = SwitchFactory.create(url=refusing.url)
    account = profiles.ensure(switch=switch, number="A-20417", now=timezone.now())
    MembershipFactory.create(account=account)
    now = timezone.now()
    assert "no call records before" in str(rounds.fetch_today(switch=switch, now=now))
    for minutes in range(1, 15):
        for work in ROUNDS:
            work(switch=switch, now=now + minutes * MINUTE)
    assert refusing.control.stats().requests["GetCdr"] == 1
    assert not CallDay.objects.filter(failures__gt=0).exists(), "no account is the reason"
    Observation.objects.update(refused_at=now - 16 * MINUTE)
    later = timezone.now()
    rounds.fetch_today(switch=switch, now=later)
    row = Observation.objects.get()
    assert refusing.control.stats().requests["GetCdr"] == 2
    assert (row.refused_from, row.refused_until) == tuple(at.time().replace(microsecond=0) for at in (now, later))


def test_hours_that_were_learnt_are_kept_the_next_days_and_forgotten_after_a_week() -> None:
    switch = SwitchFactory.create(time_zone="Asia/Shanghai")
    eight = datetime(2026, 11, 20, 8, tzinfo=ZoneInfo("Asia/Shanghai"))
    refusal = Refused("GetCdr", -10033, "Over the limitation of inquiry interval")
    for number in range(49):
        quiet_hours.refuses_records(switch=switch, error=refusal, now=eight + number * 15 * MINUTE)

    def until(now: datetime) -> datetime | None:
        return quiet_hours.goes_on_at(switch=switch, now=now)

    assert until(eight + 12 * HOUR + 10 * MINUTE) == eight + 12 * HOUR + 15 * MINUTE
    assert until(eight + 12 * HOUR + 20 * MINUTE) is None
    assert until(eight + 30 * HOUR) == eight + 36 * HOUR
    assert until(eight + 40 * HOUR) is None
    assert until(eight + timedelta(days=9, hours=1)) is None


def test_what_is_refused_for_another_reason_teaches_no_hours() -> None:
    switch = SwitchFactory.create()
    for error in (Refused("GetCdr", -10007, ""), Refused("GetCdr", -10124, ""), ValueError()):
        assert quiet_hours.refuses_records(switch=switch, error=error, now=timezone.now()) is None
    assert not Observation.objects.exists()


@pytest.mark.parametrize("longest", [3, None])
def test_more_days_than_it_answers_are_asked_for_in_parts(refusing: SimulatorProcess, longest: int | None) -> None:
    switch = SwitchFactory.create(url=refusing.url, longest_range=longest)
    now = timezone.now()
    paid = [now - timedelta(days=days) for days in range(1, 40, 3)]
    for at in [*paid, paid[3]]:
        refusing.control.pay("C-301", Decimal(1), memo="same", at=int(at.timestamp() * 1000))
    begin = now - timedelta(days=45)
    with clients.client(switch) as client:
        rows = get_pay_history(client, account="C-301", begin=begin, end=now)
        reports = get_report_customer_fee(
            client, accounts=["A-20417"], first=now.date() - timedelta(days=20), last=now.date()
        )
    assert sum(row.memo == "same" for row in rows) == len(paid) + 1, "equal rows are two"
    days = [row.begin_time for row in reports]
    assert len(days) == len(set(days)) > 10
    assert _refused(refusing) == (0 if longest else 4)
    if longest is None:
        assert Observation.objects.get().longest_range == 2
        with clients.client(switch) as client:
            assert get_pay_history(client, account="C-301", begin=begin, end=now) == rows
        assert _refused(refusing) == 4, "it is known by then"


def test_a_switch_that_refuses_a_single_day_too_teaches_no_range(refusing: SimulatorProcess) -> None:
    switch = SwitchFactory.create(url=refusing.url)
    refusing.control.add_fault("GetPayHistory", "unlisted_code", code=-10033)
    now = timezone.now()
    with clients.client(switch) as client, pytest.raises(Refused):
        get_pay_history(client, account="C-301", begin=now - timedelta(days=45), end=now)
    assert not Observation.objects.exists()


def _refused(simulator: SimulatorProcess) -> int:
    return sum(not request.acted for request in simulator.control.received("GetPayHistory"))


def _owner(account: Account) -> User:
    return account.memberships.get().user
