"""How often the switch is asked for call records: by the rounds of the workers, and by pages."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

from django.test import Client

from accounts.models import Account, Membership, Role, Switch, User
from bench.calls.report import Findings
from bench.calls.world import World, found_switch
from billing.balances.services import profiles
from billing.jobs.services import runs
from billing.jobs.services.periodic import Periodic, declared
from billing.switches.services.budget import Work
from billing.switches.services.priority import doing
from portal.celery import app
from simulator.control import Control
from simulator.process import SimulatorProcess

# Few enough to be asked for together.
NUMBERS = ("C-301", "C-303")
USER = "both@calls.example"
SLOTS = 2
# Each task is delivered that often.
DELIVERIES = 2
OPERATION = "GetCdr"
PAGES = ("", "calls/", "calls/?from=2026-01-01", "calls/?answered=yes", "payments/", "calls/csv/")


def measure(world: World, findings: Findings) -> None:
    app.finalize()
    rounds = [job for job in declared().values() if job.is_per_switch]
    now = datetime.now(UTC)
    with SimulatorProcess("--quiet-world") as simulator:
        switch = found_switch("stand-in", simulator.url)
        accounts = _followed(switch, now)
        asked: list[int] = []
        for number in range(SLOTS):
            for job in rounds:
                simulator.control.reset_stats()
                _run(job, switch, now, number)
                asked.append(_most_often_asked(simulator.control))
        simulator.control.reset_stats()
        _look(accounts)
        viewed = simulator.control.stats().requests.get(OPERATION, 0)
    assert any(asked), "no account's calls were asked for"
    findings.most(f"{OPERATION} requests per account-day and schedule slot", max(asked), 1)
    findings.most(f"{OPERATION} requests by page views with a warm cache", viewed, 0)


def _followed(switch: Switch, now: datetime) -> list[Account]:
    profiles.refresh(switch=switch, numbers=NUMBERS, now=now)
    accounts = list(Account.objects.filter(switch=switch, number__in=NUMBERS))
    user = User.objects.create_user(USER)
    for account in accounts:
        Membership.objects.create(user=user, account=account, role=Role.VIEWER)
    return accounts


def _run(job: Periodic, switch: Switch, now: datetime, slot: int) -> None:
    at = now + slot * job.every
    work: Any = job.work
    with doing(Work.CALLS):
        for _ in range(DELIVERIES):
            runs.run_once(
                job=job.job_of(switch), period=job.every, now=at, work=lambda: str(work(switch=switch, now=at))
            )


def _most_often_asked(control: Control) -> int:
    """Of all days of all accounts."""
    asked: Counter[tuple[str, str]] = Counter()
    for request in control.received(OPERATION):
        body = request.body or {}
        first, last = (datetime.strptime(body[name], "%Y%m%d").replace(tzinfo=UTC) for name in ("beginTime", "endTime"))
        days = [f"{first + timedelta(days=number):%Y%m%d}" for number in range((last - first).days + 1)]
        asked.update((account, day) for account in body["accounts"] for day in days)
    return max(asked.values(), default=0)


def _look(accounts: list[Account]) -> None:
    browser = Client(SERVER_NAME="localhost")
    browser.force_login(User.objects.get(email=USER))
    for account in accounts:
        for page in PAGES:
            answer = browser.get(f"/a/{account.public_id}/{page}")
            # A file of everything may want a fresh login instead.
            assert answer.status_code in (200, 302), f"{page}: {answer.status_code}"
            answer.close()
