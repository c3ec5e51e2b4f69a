"""A switch's clock and zone are compared with its answers: at the probe, in the staff's form, and every hour."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest
from django.forms import model_to_dict
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Account, Switch
from billing.balances.models import SyncMark
from billing.balances.services import profiles
from billing.calls.models import Call, CallDay
from billing.calls.services import partitions
from billing.switches.admin.waiting import waiting
from billing.switches.models import Observation
from billing.switches.queries import metrics
from billing.sync.services import clocks, mirroring
from billing.topups.models import TopUpState
from simulator.process import SimulatorProcess
from tests.support.commands import Ran, run
from tests.support.factories import (
    CallDayFactory,
    CallFactory,
    MembershipFactory,
    PaymentFactory,
    TopUpFactory,
    UserFactory,
)
from tests.support.logins import logged_in

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def eastern_process() -> Iterator[SimulatorProcess]:
    with SimulatorProcess("--quiet-world", "--timezone=Asia/Shanghai") as process:
        yield process


@pytest.fixture
def eastern(eastern_process: SimulatorProcess) -> SimulatorProcess:
    eastern_process.control.reset()
    return eastern_process


def probe(url: str, *options: str) -> Ran:
    return run("switch", "main", url, *options, "--probe", "--json")


def codes(ran: Ran) -> list[str]:
    return [finding["code"] for finding in ran.data["findings"]]


def observed(switch: Switch) -> Observation:
    clocks.check(switch=switch, now=timezone.now())
    return Observation.objects.get(switch=switch)


def count() -> int:
    return next(iter(waiting(now=timezone.now()))).count


def test_the_zone_and_the_clock_of_a_probed_switch_are_measured(eastern: SimulatorProcess) -> None:
    ran = probe(eastern.url, "--timezone=Asia/Shanghai")
    assert ran.code == 0
    assert codes(ran)[1:] == ["time.clock_agrees", "time.zone_fits"]
    assert abs(ran.data["clock_ahead_seconds"]) <= 2
    assert "Asia/Shanghai" in ran.data["zones"]
    row = Observation.objects.get()
    assert (row.local_ahead, row.zone_is_wrong, row.is_off) == (8 * HOUR, False, False)


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "America/New_York", "Asia/Kathmandu"])
def test_a_zone_that_the_payments_deny_is_refused_with_those_that_fit(eastern: SimulatorProcess, zone: str) -> None:
    ran = probe(eastern.url, "--timezone", zone)
    assert (ran.code, ran.out) == (2, "")
    assert f"{zone} cannot be its time zone" in ran.err
    assert "UTC+08:00 (Asia/Shanghai" in ran.err
    assert not Switch.objects.exists()


def test_the_readmes_own_zone_is_refused_for_a_switch_in_utc(simulator: SimulatorProcess) -> None:
    ran = probe(simulator.url, "--timezone", "Asia/Shanghai")
    assert ran.code == 2
    assert "UTC+00:00 (UTC" in ran.err


def test_a_zone_that_was_denied_once_is_refused_without_asking_again(eastern: SimulatorProcess) -> None:
    assert probe(eastern.url, "--timezone=Asia/Shanghai").code == 0
    ran = run("switch", "main", eastern.url, "--timezone=UTC")
    assert ran.code == 2
    assert "UTC cannot be its time zone" in ran.err
    assert run("switch", "main", "http://a.example", "--timezone=UTC").code == 0, "of another address nothing is known"


def test_a_zone_left_out_is_utc_and_refused_where_it_is_another(eastern: SimulatorProcess) -> None:
    ran = probe(eastern.url)
    assert ran.code == 2
    assert "Asia/Shanghai" in ran.err


def test_without_any_payment_the_calls_of_a_day_deny_a_zone(eastern: SimulatorProcess) -> None:
    eastern.control.add_fault("GetPayHistory", "unlisted_code")
    assert probe(eastern.url, "--timezone=Asia/Shanghai").code == 0
    assert run("switch", "other", eastern.url, "--timezone=America/Los_Angeles", "--probe").code == 2


def test_a_switch_of_which_nothing_is_known_yet_keeps_any_zone(eastern: SimulatorProcess) -> None:
    for operation in ("GetPayHistory", "GetCdr", "GetReportCustomerFee"):
        eastern.control.add_fault(operation, "unlisted_code")
    ran = probe(eastern.url, "--timezone=Europe/Berlin")
    assert ran.code == 0
    assert codes(ran)[1:] == ["time.clock_agrees", "time.zone_unknown"]


@pytest.mark.parametrize(("hours", "code"), [(3, "time.clock_ahead"), (-3, "time.clock_behind")])
def test_a_clock_that_is_off_is_told_by_how_much(simulator: SimulatorProcess, hours: int, code: str) -> None:
    simulator.control.shift_clock(hours * 3600)
    ran = probe(simulator.url)
    assert codes(ran)[1] == code
    assert "3:00 h" in ran.data["findings"][1]["text"]
    assert ran.data["clock_ahead_seconds"] == pytest.approx(hours * 3600, abs=2)
    assert count() == 1


def test_every_hour_a_clock_that_drifted_is_told_to_staff_and_monitoring(
    switch: Switch, simulator: SimulatorProcess
) -> None:
    assert not observed(switch).is_off
    assert count() == 0
    simulator.control.shift_clock(-600)
    assert observed(switch).is_off
    assert count() == 1
    figures = {metric.name: metric.values for metric in metrics(now=timezone.now())}
    assert figures["portal_switch_clock_ahead_seconds"]["demo"] == pytest.approx(-600, abs=2)
    assert figures["portal_switch_zone_is_wrong"] == {"demo": 0}
    simulator.control.shift_clock(0)
    assert not observed(switch).is_off
    assert count() == 0


def test_a_clock_behind_the_web_servers_is_seen_by_our_own_payments(switch: Switch) -> None:
    account, now = profiles.ensure(switch=switch, number="C-301", now=timezone.now()), timezone.now()
    payment = PaymentFactory.create(account=account, paid_at=now - 3 * HOUR)
    TopUpFactory.create(account=account, state=TopUpState.CONFIRMED, sent_at=now, settled_at=now, payment=payment)
    row = observed(switch)
    assert row.clock_ahead == pytest.approx(-3 * HOUR, abs=timedelta(seconds=2))
    assert row.is_off


def test_every_hour_a_wrong_zone_is_told_from_a_payment_that_is_known(
    switch: Switch, simulator: SimulatorProcess
) -> None:
    account = profiles.ensure(switch=switch, number="C-301", now=timezone.now())
    simulator.control.pay("C-301", Decimal(5))
    mirroring.mirror(account=account, now=timezone.now())
    Switch.objects.update(time_zone="Asia/Tokyo")
    switch.refresh_from_db()
    row = observed(switch)
    assert (row.zone_is_wrong, row.local_ahead, row.is_off) == (True, timedelta(0), True)
    assert count() == 1


def test_a_check_of_what_fits_costs_the_switch_few_requests(switch: Switch, simulator: SimulatorProcess) -> None:
    account = profiles.ensure(switch=switch, number="C-301", now=timezone.now())
    simulator.control.pay("C-301", Decimal(5))
    mirroring.mirror(account=account, now=timezone.now())
    simulator.control.reset_stats()
    observed(switch)
    assert simulator.control.stats().requests == {"GetCustomer": 1, "GetReportCustomerFee": 1, "GetPayHistory": 1}


@pytest.fixture
def staff(db: None) -> Client:
    return logged_in(UserFactory.create(is_staff=True, is_superuser=True))


def form_of(switch: Switch, **changes: str) -> dict[str, str]:
    fields = model_to_dict(switch)
    shown = {name: "" if value is None else str(value) for name, value in fields.items() if value is not False}
    shown["sure_refusals"] = ",".join(map(str, switch.sure_refusals))
    return {**shown, **changes}


def test_the_staffs_form_refuses_a_zone_that_the_switch_denies(
    staff: Client, switch: Switch, simulator: SimulatorProcess
) -> None:
    page = reverse("admin:accounts_switch_change", args=[switch.pk])
    answer = staff.post(page, form_of(switch, time_zone="Asia/Shanghai"))
    assert answer.status_code == 200
    assert "cannot be its time zone" in str(answer.context["adminform"].form.errors["time_zone"])
    switch.refresh_from_db()
    assert switch.time_zone == "UTC"
    assert staff.post(page, form_of(switch, time_zone="Africa/Abidjan")).status_code == 302
    switch.refresh_from_db()
    assert switch.time_zone == "Africa/Abidjan"


def test_a_zone_is_corrected_while_there_is_only_what_a_sync_brings_again(simulator: SimulatorProcess) -> None:
    assert run("switch", "main", simulator.url, "--timezone=Asia/Shanghai").code == 0
    switch = Switch.objects.get()
    account = profiles.ensure(switch=switch, number="A-20417", now=timezone.now())
    MembershipFactory.create(account=account)
    now = timezone.now()
    partitions.ensure([partitions.month_of(now)])
    CallDayFactory.create(account=account, day=now.date())
    CallFactory.create(account=account, started_at=now)
    mirroring.mirror(account=account, now=now)
    assert probe(simulator.url, "--timezone=UTC").code == 0
    switch.refresh_from_db()
    assert switch.time_zone == "UTC"
    assert not CallDay.objects.exists()
    assert not Call.objects.exists()
    assert not SyncMark.objects.exists()
    assert Account.objects.get(memberships__isnull=False) == account


def test_a_zone_stays_once_money_was_sent_in_its_calendar(simulator: SimulatorProcess) -> None:
    run("switch", "main", simulator.url, "--timezone=Asia/Shanghai")
    TopUpFactory.create(account__switch=Switch.objects.get())
    for options in (["--timezone=UTC"], ["--timezone=UTC", "--probe"]):
        ran = run("switch", "main", simulator.url, *options)
        assert ran.code == 2
        assert "This stays Asia/Shanghai" in ran.err
    assert Switch.objects.get().time_zone == "Asia/Shanghai"
    assert "time.zone_impossible" in codes(probe(simulator.url)), "it is told all the same"


def test_what_was_observed_at_another_address_counts_no_longer(
    simulator: SimulatorProcess, eastern: SimulatorProcess
) -> None:
    probe(simulator.url)
    assert Observation.objects.exists()
    run("switch", "main", eastern.url)
    assert not Observation.objects.exists()
