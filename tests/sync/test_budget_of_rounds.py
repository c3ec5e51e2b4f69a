"""A minute of the real rounds on a moved clock, with 200 accounts and two requests a second: none goes without."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from accounts.models import Account, Switch
from billing.balances.models import Stream, SyncMark
from billing.calls.models import CallDay
from billing.jobs.models import JobRun
from billing.jobs.services import periodic
from billing.lib.days import DAY
from billing.lib.redis import connection
from billing.switches.services import clients, priority
from billing.switches.services.budget import BURST_SECONDS, SwitchAdmission
from portal.celery import app as celery
from simulator.process import SimulatorProcess
from tests.support.crowds import followed_accounts

NUMBERS = [f"N-{number:03}" for number in range(200)]
NEW = "N-000"
WATCHED = NUMBERS[150:160]
PER_SECOND = 2


class MovedTime:
    """A clock that goes on while the code under test sleeps, and at no other time."""

    def __init__(self) -> None:
        self.at = 1_000_000.0

    def monotonic(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += seconds


@pytest.fixture
def moved(monkeypatch: pytest.MonkeyPatch) -> MovedTime:
    moved = MovedTime()
    monkeypatch.setattr(priority, "time", moved)
    monkeypatch.setattr(clients, "SwitchAdmission", partial(SwitchAdmission, clock=moved.monotonic))
    return moved


@pytest.fixture
def crowd(switch: Switch, simulator: SimulatorProcess) -> list[Account]:
    """200 followed accounts, up to date save the one that was granted just now; pages of ten are open."""
    now = datetime.now(UTC)
    celery.loader.import_default_modules()
    accounts = followed_accounts(switch, simulator, NUMBERS, read_at=now - timedelta(hours=1))
    Account.objects.filter(number__in=WATCHED).update(viewed_at=now)
    read = {"complete_from": now - DAY, "complete_until": now - timedelta(minutes=3)}
    SyncMark.objects.bulk_create(SyncMark(account=row, stream=stream, **read) for row in accounts for stream in Stream)
    CallDay.objects.bulk_create(
        CallDay(account=row, day=now.date() - ago * DAY, fetched_at=now, state="fetched")
        for row in accounts
        for ago in range(2, 36)
        if row.number != NEW
    )
    Switch.objects.update(requests_per_second=PER_SECOND)
    connection().flushdb()
    simulator.control.reset_stats()
    return accounts


def test_a_back_fill_that_comes_first_leaves_the_others_theirs(
    simulator: SimulatorProcess, crowd: list[Account], moved: MovedTime
) -> None:
    began, at = datetime.now(UTC), moved.at
    for job in ("calls of older days", "payments of watched accounts", "balances", "calls of today"):
        periodic.declared()[job].run(crowd[0].switch_id)
    took = moved.at - at
    assert took < 60
    assert JobRun.objects.filter(succeeded=True).count() >= 3, "the back-fill alone may go on in its next slot"
    read = SyncMark.objects.filter(account__number__in=WATCHED, complete_until__gte=began)
    assert read.count() == 2 * len(WATCHED)
    assert Account.objects.filter(number__in=NUMBERS, balance_at__gte=began).count() == len(NUMBERS)
    today = CallDay.objects.filter(account__number__in=NUMBERS, day=began.date(), fetched_at__isnull=False)
    assert today.count() == len(NUMBERS)
    assert CallDay.objects.filter(account__number=NEW, day__lt=began.date(), fetched_at__isnull=False).count() >= 10
    assert simulator.control.stats().total <= PER_SECOND * (took + 2 * BURST_SECONDS)


def test_what_one_slot_has_no_budget_for_the_next_slots_begin_with(
    simulator: SimulatorProcess, crowd: list[Account], moved: MovedTime
) -> None:
    served: set[str] = set()
    for _ in range(4):
        simulator.control.reset_stats()
        JobRun.objects.all().delete()
        periodic.declared()["payments"].run(crowd[0].switch_id)
        moved.sleep(120)
        asked = {str((request.body or {})["account"]) for request in simulator.control.received("GetPayHistory")}
        assert not served & asked or served | asked == set(NUMBERS)
        served |= asked
    assert served == set(NUMBERS)
