"""Senders that are stopped between their claim and its result, and go on when hours have passed and people decided.

Each is a process of its own, forked from this one and stopped by SIGSTOP at one of the calls that Python makes on its
way, which are counted. What goes on afterwards is the portal's own code; it knows nothing of it.
"""

from __future__ import annotations

import mmap
import os
import signal
import struct
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from random import Random
from types import FrameType
from unittest import mock

from django.db import connection, connections

from accounts.lib.clock import Deadline, running_time
from bench.conform.hands import decide_reviews, go_on, issue_again
from bench.conform.orders import Door, Order, ask, draw_amount
from bench.conform.world import World
from billing.topups.models import TopUp
from billing.topups.services import outcomes
from billing.topups.services import sending as topup_sending

TOGETHER = 10
# As in production, but without the wait of a minute.
UNLOCKED_AFTER = "-c idle_in_transaction_session_timeout=1s"
SHORTEST, LONGEST = timedelta(seconds=1), timedelta(hours=9)
CLAIMED = getattr(topup_sending._claim, "__wrapped__", topup_sending._claim).__code__
ENDED = frozenset(
    end.__code__ for end in (outcomes.note_paid, outcomes.note_not_sent, outcomes.note_refused, outcomes.put_in_doubt)
)


class Noticed(StrEnum):
    """What a process can tell by its own clocks when it goes on."""

    BY_CLOCKS = "stopped, with its clocks running on"
    BY_NOTHING = "stopped, with its clocks standing still"


@dataclass
class Sender:
    """A forked process and the memory that it shares: the calls that it made, and the seconds that its clocks jump."""

    topup: TopUp
    pid: int
    shared: mmap.mmap

    @property
    def calls(self) -> int:
        calls, _ = struct.unpack("qd", self.shared[:16])
        return int(calls)

    def jump(self, by: timedelta) -> None:
        self.shared[8:16] = struct.pack("d", by.total_seconds())


def stop_senders(world: World, random: Random, stops: int) -> dict[str, int]:
    """Stop so many senders; how many, by what they can notice when they go on."""
    calls = _calls_of_one_sending(world, random)
    counts = dict.fromkeys(map(str, Noticed), 0)
    for first in range(0, stops, TOGETHER):
        how = random.choice(list(Noticed))
        numbers = range(first, min(first + TOGETHER, stops))
        senders = [_stopped(world, random, f"stop-{number}", at=random.randint(1, calls)) for number in numbers]
        counts[how] += sum(sender is not None for sender in senders)
        _let_time_pass(world, random, [sender for sender in senders if sender is not None], how)
    return counts


def _calls_of_one_sending(world: World, random: Random) -> int:
    sender = _fork(world, _order(world, random, "stop-not"), at=0)
    os.waitpid(sender.pid, 0)
    return sender.calls


def _order(world: World, random: Random, key: str) -> TopUp:
    order = Order(random.choice(world.single), None, draw_amount(random), Door.SERVICE, key)
    return TopUp.objects.select_related("account__switch").get(reference=ask(world, order))


def _stopped(world: World, random: Random, key: str, *, at: int) -> Sender | None:
    """None when the sending ended with fewer calls than the first one, before it could be stopped."""
    sender = _fork(world, _order(world, random, key), at=at)
    _, status = os.waitpid(sender.pid, os.WUNTRACED)
    return sender if os.WIFSTOPPED(status) else None


def _let_time_pass(world: World, random: Random, senders: list[Sender], how: Noticed) -> None:
    """Sweeps, looks and people go about their work; then the processes go on, and end."""
    until = SHORTEST + (LONGEST - SHORTEST) * random.random() ** 3
    before = world.clock.ahead
    while world.clock.ahead - before < until:
        go_on(world, max(until / 4, timedelta(seconds=1)))
        decide_reviews(world)
        issue_again(world)
    for sender in senders:
        if how is Noticed.BY_CLOCKS:
            sender.jump(world.clock.ahead - before)
        os.kill(sender.pid, signal.SIGCONT)
    for sender in senders:
        os.waitpid(sender.pid, 0)


def _fork(world: World, topup: TopUp, *, at: int) -> Sender:
    now, shared = world.now, mmap.mmap(-1, 16)
    connections.close_all()  # a process that is forked would end this one's sessions with its own
    pid = os.fork()
    if pid:
        return Sender(topup, pid, shared)
    try:
        _send(topup.pk, now, at, shared)
        os._exit(0)
    finally:
        os._exit(1)


def _send(topup_id: int, now: datetime, at: int, shared: mmap.mmap) -> None:
    """Run in the forked process."""

    def jumped(clock: Callable[[], float]) -> float:
        _, seconds = struct.unpack("qd", shared[:16])
        return clock() + float(seconds)

    connection.settings_dict["OPTIONS"]["options"] = UNLOCKED_AFTER
    deadline = partial(Deadline, running=partial(jumped, running_time), wall=partial(jumped, time.time))
    counter = _Counter(at)
    with mock.patch.object(topup_sending, "Deadline", deadline):
        sys.setprofile(counter)
        topup_sending.carry_out(topup_id=topup_id, now=now)
        sys.setprofile(None)
    shared[:8] = struct.pack("q", counter.calls)


class _Counter:
    """Counts calls from the claim to its result, and stops the process at one of them."""

    def __init__(self, at: int) -> None:
        self.calls, self._at, self._counts = 0, at, False

    def __call__(self, frame: FrameType, event: str, value: object) -> None:
        if event == "return" and frame.f_code is CLAIMED:
            self._counts = bool(value)
        elif event == "call" and frame.f_code in ENDED:
            self._counts = False
        self.calls += self._counts
        if self._counts and self.calls == self._at:
            os.kill(os.getpid(), signal.SIGSTOP)
