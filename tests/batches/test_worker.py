from __future__ import annotations

import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import Account, Role, Switch
from billing.balances.services import profiles
from billing.batches.models import Batch, BatchState
from billing.batches.queries import RowOutcome, progress
from billing.batches.services import batches
from billing.batches.services import worker as batch_worker
from billing.topups.models import TopUp, TopUpState
from billing.topups.services import dead_senders
from billing.topups.services.doubt_resolution import resolve
from simulator.process import SimulatorProcess
from tests.support.factories import MembershipFactory
from tests.support.processes import start_worker
from tests.support.waiting import eventually

AGENT, CHILDREN = "R-100", ("A-20417", "A-20418", "A-20419", "A-20420")
ROWS = 300
# Each row has an amount of its own, by which it is known again.
PAID = Counter((CHILDREN[n % len(CHILDREN)], Decimal(n) / 100) for n in range(1, ROWS + 1))
FILE = "".join(f"{account};{amount}\n" for account, amount in PAID).encode()


@pytest.fixture
def workers(transactional_db: None, own_redis: str) -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    """Start a worker; whatever still runs is killed in the end."""
    started: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        started.append(start_worker(own_redis))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait(20)


def pays(simulator: SimulatorProcess) -> list[tuple[str, Decimal]]:
    bodies = [request.body or {} for request in simulator.control.received("Pay")]
    return [(body["ownerName"], Decimal(str(body["money"]))) for body in bodies]


@pytest.mark.django_db(transaction=True)
def test_a_file_that_is_sent_twice_and_confirmed_twice_pays_each_row_once_though_its_worker_is_killed(
    switch: Switch, simulator: SimulatorProcess, workers: Callable[[], subprocess.Popen[bytes]]
) -> None:
    agent, *_ = [profiles.ensure(switch=switch, number=number, now=timezone.now()) for number in (AGENT, *CHILDREN)]
    # One `Pay` a row: transfers and their two are tested elsewhere, and this is long enough.
    Account.objects.filter(pk=agent.pk).update(credit_without_debit=Decimal(10_000))
    by = MembershipFactory.create(account=agent, role=Role.OWNER).user
    before = {number: simulator.control.account(number).money for number in CHILDREN}

    def upload_and_confirm(_: int) -> int:
        try:
            now = timezone.now()
            batch = batches.upload(agent=agent, by=by, file_name="many.csv", content=FILE, now=now).batch
            return batches.confirm(batch=batch, by=by, key=batch.key, sure=True, now=now).pk
        finally:
            connection.close()

    agent.refresh_from_db()
    first = workers()
    with ThreadPoolExecutor(2) as threads:
        [batch_id] = set(threads.map(upload_and_confirm, range(2)))
    assert eventually(lambda: TopUp.objects.filter(state=TopUpState.CONFIRMED).count() >= ROWS // 6)
    first.kill()
    first.wait(20)
    assert Batch.objects.get(pk=batch_id).state == BatchState.CONFIRMED

    workers()
    later = timezone.now() + timedelta(minutes=2)
    batch_worker.sweep(now=later)
    assert eventually(lambda: Batch.objects.get(pk=batch_id).state == BatchState.DONE)
    # What the dead worker had in its hands: perhaps a `Pay` that had left, and tasks that died with it.
    dead_senders.sweep(now=later)
    resolve(switch=switch, now=later)
    assert eventually(lambda: progress(Batch.objects.get(pk=batch_id)).part(RowOutcome.SENDING).count == 0)

    assert progress(Batch.objects.get(pk=batch_id)).part(RowOutcome.PAID).count == ROWS
    assert Counter(pays(simulator)) == PAID
    gained = {number: simulator.control.account(number).money - money for number, money in before.items()}
    assert sum(gained.values()) == sum(amount for _, amount in PAID)
    assert TopUp.objects.count() == TopUp.objects.filter(state=TopUpState.CONFIRMED).count() == ROWS
