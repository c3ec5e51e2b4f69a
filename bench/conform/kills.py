"""A real Celery worker, ended by SIGKILL at a chosen moment. The worker's code knows nothing of it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from enum import StrEnum
from random import Random

import psycopg

from accounts.models import Switch
from bench.conform.hands import TIMES_DELIVERED
from bench.conform.orders import Door, Order, ask, draw_amount
from bench.conform.world import World
from billing.topups.models import TopUp, TopUpState
from billing.topups.services import requests as topup_requests

LONGEST_WAIT = 120.0
HELD_UNTIL_KILLED = 6.0
HELD_UNTIL_LOCKED = 3.0


class KillPoint(StrEnum):
    BEFORE_CLAIM = "before the claim"
    AFTER_CLAIM = "after the claim"
    AFTER_SEND = "after the send"
    BEFORE_SAVE = "before the result is saved"


class NotReached(Exception):
    """The worker did not come to the moment at which it was to be killed."""


def kill_at(world: World, point: KillPoint, random: Random, number: int) -> int:
    """Make a top-up, let a worker take it, and kill that worker; the top-up's id."""
    with worker(world) as process:
        _await_its_first_top_up(world, random, number)
        # What was asked for before a worker began is looked for first, which is not the moment that is sought.
        topup = _order_for(world, point, random, number)
        KILLS[point](world, process, topup.debit or topup, random)
    world.control.clear_faults()
    return topup.pk


def deliver_all_again(world: World, killed: list[int]) -> None:
    """A worker that lives on gets each of them four times."""
    with worker(world):
        for topup_id in killed * TIMES_DELIVERED:
            topup_requests.SEND_TOPUP.enqueue(topup_id)
        unsent = TopUp.objects.filter(pk__in=killed, debit__isnull=True, state=TopUpState.REQUESTED)
        await_that(lambda: not unsent.exists())


def worker(world: World, *, stderr: int | None = None) -> AbstractContextManager[subprocess.Popen[bytes]]:
    options = ("-P", "solo", "-Q", "money", "--without-gossip", "--without-mingle", "--without-heartbeat")
    return celery(world, "worker", *options, stderr=stderr)


@contextmanager
def celery(world: World, *command: str, stderr: int | None = None) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "celery", "-A", "portal", *command, "-l", "critical"],
        env=environment(world),
        stdout=subprocess.DEVNULL,
        stderr=stderr,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def environment(world: World) -> dict[str, str]:
    """Of a process of the portal beside this one."""
    return {
        **os.environ,
        "DATABASE_URL": world.database_url,
        "REDIS_URL": world.redis_url,
        "PYTHONWARNINGS": "ignore",  # it may well be root who tries this out
    }


def await_that(holds: Callable[[], bool]) -> None:
    give_up = time.monotonic() + LONGEST_WAIT
    while not holds():
        if time.monotonic() > give_up:
            raise NotReached
        time.sleep(0.02)


def _await_its_first_top_up(world: World, random: Random, number: int) -> None:
    order = Order(random.choice(world.single), None, draw_amount(random), Door.SERVICE, f"first-{number}")
    first = TopUp.objects.get(reference=ask(world, order))
    topup_requests.SEND_TOPUP.enqueue(first.pk)
    await_that(lambda: not TopUp.objects.filter(pk=first.pk, state__in=["requested", "sending"]).exists())


def _order_for(world: World, point: KillPoint, random: Random, number: int) -> TopUp:
    single = Order(random.choice(world.single), None, draw_amount(random), Door.SERVICE, f"kill-{number}")
    transfer = replace(single, account=random.choice(world.debited), agent=world.payer)
    # Before a debit the balance is asked for: the switch that keeps one waiting would be met before the claim.
    order = single if point is KillPoint.AFTER_CLAIM else random.choice([single, transfer])
    reference = ask(world, order)
    return TopUp.objects.select_related("debit").get(reference=reference)


def _before_claim(world: World, process: subprocess.Popen[bytes], leg: TopUp, random: Random) -> None:
    with locked(world, leg) as a_process_waits:
        topup_requests.SEND_TOPUP.enqueue(leg.pk)
        await_that(a_process_waits)
        process.kill()
        process.wait()


def _after_claim(world: World, process: subprocess.Popen[bytes], leg: TopUp, random: Random) -> None:
    with _connecting_for_ever() as url:
        Switch.objects.filter(pk=world.switch.pk).update(url=url)
        try:
            topup_requests.SEND_TOPUP.enqueue(leg.pk)
            await_that(lambda: is_being_sent(leg))
            process.kill()
            process.wait()
        finally:
            Switch.objects.filter(pk=world.switch.pk).update(url=world.switch.url)
    if was_received(world, leg):
        raise NotReached


def _after_send(world: World, process: subprocess.Popen[bytes], leg: TopUp, random: Random) -> None:
    kind = random.choice(["late", "late_code_before", "late_code_after"])
    world.control.add_fault("Pay", kind, count=1, seconds=HELD_UNTIL_KILLED)
    topup_requests.SEND_TOPUP.enqueue(leg.pk)
    await_that(lambda: was_received(world, leg))
    process.kill()
    process.wait()
    if not is_being_sent(leg):
        raise NotReached


def _before_save(world: World, process: subprocess.Popen[bytes], leg: TopUp, random: Random) -> None:
    world.control.add_fault("Pay", "late", count=1, seconds=HELD_UNTIL_LOCKED)
    topup_requests.SEND_TOPUP.enqueue(leg.pk)
    await_that(lambda: was_received(world, leg))
    with locked(world, leg) as a_process_waits:
        await_that(a_process_waits)
        process.kill()
        process.wait()


KILLS: dict[KillPoint, Callable[[World, subprocess.Popen[bytes], TopUp, Random], None]] = {
    KillPoint.BEFORE_CLAIM: _before_claim,
    KillPoint.AFTER_CLAIM: _after_claim,
    KillPoint.AFTER_SEND: _after_send,
    KillPoint.BEFORE_SAVE: _before_save,
}


@contextmanager
def locked(world: World, topup: TopUp) -> Iterator[Callable[[], bool]]:
    """Lock the row, so that a process that wants to write it waits. Gives a question: does a process wait?"""
    with psycopg.connect(world.database_url) as holder, psycopg.connect(world.database_url, autocommit=True) as asking:
        holder.execute("SELECT FROM topups_topup WHERE id = %s FOR UPDATE", [topup.pk])
        waiting = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE %s = ANY(pg_blocking_pids(pid)))"

        def a_process_waits() -> bool:
            row = asking.execute(waiting, [holder.info.backend_pid]).fetchone()
            return bool(row and row[0])

        yield a_process_waits
        holder.rollback()


@contextmanager
def _connecting_for_ever() -> Iterator[str]:
    """An address whose queue of connections is full: a client that connects waits, and has sent nothing."""
    with socket.socket() as listener, socket.socket() as first, socket.socket() as second:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for filler in (first, second):
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def is_being_sent(leg: TopUp) -> bool:
    return TopUp.objects.filter(pk=leg.pk, state=TopUpState.SENDING).exists()


def was_received(world: World, leg: TopUp) -> bool:
    return any((request.body or {}).get("memo") == leg.reference for request in world.control.received("Pay"))
