"""Top-ups in batches while the switch fails in every way that the simulator knows."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from random import Random

from bench.conform.evidence import Seen
from bench.conform.files import upload
from bench.conform.hands import deliver, go_on, id_of
from bench.conform.online import Reported, pay_online
from bench.conform.orders import Door, Order, ask, draw, draw_amount
from bench.conform.world import World
from billing.topups.models import Kind as Leg
from billing.topups.models import TopUp
from simulator.faults import Kind

BATCH = 25
BETWEEN_BATCHES = timedelta(seconds=90)
BATCHES_PER_PAUSE = 12
BATCHES_PER_FILE = 4
LINES_OF_A_FILE = 8
ONLINE_PER_BATCH = 2
CHANCE_OF_A_FAULT = 0.25
WAITING = (Kind.LATE, Kind.LATE_CODE_BEFORE, Kind.LATE_CODE_AFTER, Kind.SLOW_TRICKLE)
SHORT_WAIT = 0.02
SWITCH_PAUSED = "all connections refused for a while"


@dataclass
class Storm:
    """Until there are `size` top-ups. `waiting`: orders refused because a figure could not be had; they come again."""

    world: World
    random: Random
    seen: Seen
    size: int
    drawn: int = 0
    refused: int = 0
    batches: int = 0
    pauses: int = 0
    waiting: list[Order] = field(default_factory=list)

    def blow(self) -> None:
        self._add_faults()
        while (missing := self.size - made(self.world)) > 0:
            self.batches += 1
            if self.batches % BATCHES_PER_PAUSE == 2:
                self.pauses += 1
                self.world.control.pause()
            self._batch(min(BATCH, missing - len(self.waiting)))
            self._pay_online()
            if self.batches % BATCHES_PER_FILE == 1:
                self._upload()
            self.world.control.resume()
            self.world.flush_redis()
            go_on(self.world, BETWEEN_BATCHES)

    def injected(self) -> dict[str, int]:
        injected = Counter({SWITCH_PAUSED: self.pauses})
        for fault in self.world.control.faults():
            injected[fault.kind] += fault.injected
        return dict(injected)

    def _add_faults(self) -> None:
        """Of every kind: once for sure, and by chance."""
        rate = 1 - (1 - CHANCE_OF_A_FAULT) ** (1 / len(Kind))
        for number, kind in enumerate(Kind):
            seconds = SHORT_WAIT if kind in WAITING else None
            seed = self.random.getrandbits(32)
            self.world.control.add_fault("Pay", kind, count=1, after=3 * number, seconds=seconds)
            self.world.control.add_fault("*", kind, rate=rate, seed=seed, seconds=seconds)

    def _batch(self, size: int) -> None:
        again, self.waiting = self.waiting, []
        for order in again:
            self._take(order)
        for _ in range(size):
            self._take(draw(self.world, self.random, self.drawn))
            self.drawn += 1

    def _take(self, order: Order) -> None:
        reference = ask(self.world, order)
        if reference is not None:
            if not order.is_fit:
                self.seen.unfit_accepted.append(reference)
            deliver(self.world, self.random, id_of(reference))
        elif order.is_fit:
            self.waiting.append(order)
        else:
            self.refused += 1

    def _upload(self) -> None:
        """A file of the agent that pays. What is in it is sent by sweeps."""
        key = f"file-{self.batches}"
        orders = [
            Order(self.random.choice(self.world.debited), self.world.payer, draw_amount(self.random), Door.FORM, key)
            for _ in range(LINES_OF_A_FILE)
        ]
        upload(self.world, orders, f"{key}.csv")

    def _pay_online(self) -> None:
        for number in range(ONLINE_PER_BATCH):
            amount = Decimal(self.random.randint(1, 100_000)) / 100
            account, how = self.random.choice(self.world.single), self.random.choice(list(Reported))
            pay_online(self.world, self.seen, account, amount, f"online-{self.batches}-{number}", how)


def made(world: World) -> int:
    """Credits that people ordered; what is issued again is not counted."""
    credit_topups = TopUp.objects.filter(account__switch=world.switch, kind=Leg.CREDIT)
    return credit_topups.filter(reissue_of__isnull=True).count()
