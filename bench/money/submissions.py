"""Forms that are posted to the web server: how long one takes beside a page that inserts a row, and how many fit."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from statistics import median
from threading import local as thread_local

import psutil

from accounts.models import Account
from bench.conform.world import World
from bench.money.crew import Reseller, connect, post
from billing.topups.models import Kind, TopUp, TopUpState

# What was posted is sent some moments later.
LONGEST_WAIT = 120.0
POSTERS = 32


class NotTaken(Exception):
    """A form was answered with something else than the way to its top-up."""


@dataclass(frozen=True)
class Pages:
    """Medians in milliseconds; each form was posted in turn with the page that inserts one row."""

    insert: float
    form: float

    @property
    def ratio(self) -> float:
        return self.form / self.insert


def compare(port: int, crew: Sequence[Reseller], accounts: Sequence[Account], *, rounds: int, name: str) -> Pages:
    connection = connect(port)
    inserted, formed = [], []
    for number in range(rounds):
        asking = partial(post, connection, crew[number % len(crew)], accounts[number % len(accounts)])
        inserted.append(_timed(partial(asking, "insert-one-row", {"text": "seen"})))
        formed.append(_timed(partial(asking, "topup/confirm", _form(f"{name}-{number}"))))
    connection.close()
    # The first of each process meet nothing that is warm.
    return Pages(median(inserted[rounds // 10 :]), median(formed[rounds // 10 :]))


@dataclass(frozen=True)
class Load:
    """`seconds` from the first post until the last top-up was confirmed; `cpu` is what the portal's processes used."""

    submitted: int
    offered: float
    seconds: float
    cpu: float
    median_post: float

    @property
    def per_second(self) -> float:
        return self.submitted / self.seconds

    @property
    def cpu_milliseconds_each(self) -> float:
        return self.cpu / self.submitted * 1000


def submit(
    world: World,
    port: int,
    crew: Sequence[Reseller],
    accounts: Sequence[Account],
    *,
    rate: float,
    count: int,
    processes: Sequence[int],
) -> Load:
    """`rate` a second, whatever becomes of those before; then all must come to be confirmed."""
    kept = thread_local()

    def one(number: int) -> float:
        pause = began + number / rate - time.monotonic()
        if pause > 0:
            time.sleep(pause)
        if not hasattr(kept, "connection"):
            kept.connection = connect(port)
        reseller, account = crew[number % len(crew)], accounts[number % len(accounts)]
        return _timed(partial(post, kept.connection, reseller, account, "topup/confirm", _form(f"load-{number}")))

    wanted = TopUp.objects.filter(kind=Kind.CREDIT, key__startswith="load-", state=TopUpState.CONFIRMED)
    before = _cpu(processes)
    began = time.monotonic()
    with ThreadPoolExecutor(POSTERS) as pool:
        took = list(pool.map(one, range(count)))
    give_up = time.monotonic() + LONGEST_WAIT
    while wanted.count() < count:
        if time.monotonic() > give_up:
            raise NotTaken(f"{wanted.count()} of {count} top-ups were confirmed")
        time.sleep(0.05)
    seconds = time.monotonic() - began
    # The first is posted at once, the last when its turn comes.
    return Load(count, rate, max(seconds, count / rate), _cpu(processes) - before, median(took))


def _form(key: str) -> dict[str, str]:
    return {"amount": "1.25", "note": "", "key": key, "again": "on"}


def _timed(act: Callable[[], int]) -> float:
    """Milliseconds."""
    began = time.perf_counter()
    status = act()
    took = time.perf_counter() - began
    if status != HTTPStatus.FOUND:
        raise NotTaken(f"answered {status}")
    return took * 1000


def _cpu(processes: Sequence[int]) -> float:
    """Seconds that these and their children have used."""
    total = 0.0
    for pid in processes:
        parent = psutil.Process(pid)
        for process in (parent, *parent.children(recursive=True)):
            used = process.cpu_times()
            total += used.user + used.system
    return total
