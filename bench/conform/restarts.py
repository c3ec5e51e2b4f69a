"""PostgreSQL and Redis crash under one living worker and two living beats, which go on by themselves afterwards."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from enum import StrEnum
from random import Random
from tempfile import TemporaryDirectory

import psycopg

from bench.conform.kills import (
    HELD_UNTIL_LOCKED,
    await_that,
    celery,
    is_being_sent,
    locked,
    was_received,
    worker,
)
from bench.conform.orders import Door, Order, ask, draw_amount
from bench.conform.servers import Servers
from bench.conform.world import World
from billing.jobs.models import JobRun
from billing.topups.models import TopUp, TopUpState
from billing.topups.services import requests as topup_requests

WAITING_TASKS = 4
BEATS = 2


class Crash(StrEnum):
    IN_CLAIM = "PostgreSQL, while a claim is written"
    IN_SAVE = "PostgreSQL, while a result is written"
    REDIS = "Redis, while tasks wait in it"


def crash_servers(world: World, servers: Servers, random: Random, rounds: int) -> dict[str, int]:
    """Each crash so many times; how often, and how many sweeps both beats brought about."""
    # What they say of lost servers is expected.
    with worker(world, stderr=subprocess.DEVNULL) as process, _beats(world):
        for number in range(rounds):
            _crash_in_claim(world, servers, _topup(world, random, f"crash-claim-{number}"))
            _crash_in_save(world, servers, _topup(world, random, f"crash-save-{number}"))
            _crash_redis(world, servers, process, random, number)
    sweeps = JobRun.objects.filter(job="top-ups to send", finished_at__isnull=False).count()
    return {**{str(crash): rounds for crash in Crash}, "sweeps, asked for by two beats": sweeps}


def _crash_in_claim(world: World, servers: Servers, topup: TopUp) -> None:
    """The claim is gone with its transaction, and nothing was sent: a sweep finds it."""
    _crash_while_the_worker_waits(world, servers, topup, begin=lambda: topup_requests.SEND_TOPUP.enqueue(topup.pk))
    await_that(lambda: _was_sent(topup))


def _crash_in_save(world: World, servers: Servers, topup: TopUp) -> None:
    """The claim outlives the crash, what the switch answered does not: a later sweep doubts it."""

    world.control.add_fault("Pay", "late", count=1, seconds=HELD_UNTIL_LOCKED)
    topup_requests.SEND_TOPUP.enqueue(topup.pk)
    await_that(lambda: was_received(world, topup))
    _crash_while_the_worker_waits(world, servers, topup)
    world.control.clear_faults()
    await_that(lambda: is_being_sent(topup))


def _crash_while_the_worker_waits(
    world: World, servers: Servers, topup: TopUp, begin: Callable[[], object] = lambda: None
) -> None:
    # The holder's own connection breaks too.
    with suppress(psycopg.OperationalError), locked(world, topup) as a_process_waits:
        begin()
        await_that(a_process_waits)
        servers.crash_postgresql()


def _crash_redis(world: World, servers: Servers, process: subprocess.Popen[bytes], random: Random, number: int) -> None:
    waiting = [_topup(world, random, f"crash-redis-{number}-{place}") for place in range(WAITING_TASKS)]
    process.send_signal(signal.SIGSTOP)
    for topup in waiting:
        topup_requests.SEND_TOPUP.enqueue(topup.pk)
    servers.crash_redis()
    process.send_signal(signal.SIGCONT)
    await_that(lambda: all(_was_sent(topup) for topup in waiting))


def _topup(world: World, random: Random, key: str) -> TopUp:
    order = Order(random.choice(world.single), None, draw_amount(random), Door.SERVICE, key)
    return TopUp.objects.get(reference=ask(world, order))


def _was_sent(topup: TopUp) -> bool:
    """And its answer is known: what is to befall the next `Pay` must not befall this one."""
    before = (TopUpState.REQUESTED, TopUpState.SENDING)
    return not TopUp.objects.filter(pk=topup.pk, state__in=before).exists()


@contextmanager
def _beats(world: World) -> Iterator[None]:
    with ExitStack() as stack:
        scratch = stack.enter_context(TemporaryDirectory())
        for number in range(BEATS):
            stack.enter_context(
                celery(world, "beat", "-s", f"{scratch}/beat-{number}", "--pidfile", "", stderr=subprocess.DEVNULL)
            )
        yield
