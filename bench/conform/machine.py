"""The flow of top-ups as a state machine: Hypothesis chooses what people, workers, the switch and time do next."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable
from contextlib import nullcontext, suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from functools import partial

import hypothesis
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.errors import Flaky
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from bench.conform.deaths import carry_out_until_death
from bench.conform.evidence import Burst, Evidence, Seen
from bench.conform.explored import Explored
from bench.conform.hands import (
    TIMES_DELIVERED,
    beside_one_another,
    credit_again,
    decide_reviews,
    go_on,
    id_of,
    issue_again,
)
from bench.conform.invariants import AT_ANY_TIME, INVARIANTS
from bench.conform.kills import KillPoint
from bench.conform.online import Reported, pay_online
from bench.conform.orders import LARGEST, SMALLEST, UNFIT, Door, Order, ask
from bench.conform.rest import come_to_rest
from bench.conform.storm import SHORT_WAIT, WAITING
from bench.conform.world import PLACES, World
from billing.topups.services import sending as topup_sending
from billing.vos3000 import SwitchError
from simulator.faults import Kind

# Half an hour is the long run's; doubt must settle within an example of a few dozen steps.
SETTLING_TIME = timedelta(minutes=5)
PAUSES = tuple(timedelta(seconds=seconds) for seconds in (1, 6, 20, 61, 120, 400))

# It acts before doubt may settle: staff who decide earlier than the switch acts cannot be right.
ACTS_LATE = 60.0

fit_amounts = st.integers(1, LARGEST).map(lambda units: Decimal(units).scaleb(-PLACES))


class Disturbance(StrEnum):
    SWITCH_DOWN = "the switch refuses connections"
    SWITCH_UP = "the switch is back"
    FAULTS_OVER = "faults are over"
    ACTS_LATE = "the switch does what it put off"
    REDIS_FLUSHED = "Redis forgets everything"


@dataclass(frozen=True)
class Drawn:
    """An order before the accounts are known: they are places in lists."""

    source: int
    place: int
    amount: Decimal
    door: Door


orders = st.builds(
    Drawn,
    source=st.integers(0, 2),
    place=st.integers(0, 3),
    amount=st.one_of(fit_amounts, fit_amounts, fit_amounts, st.sampled_from(UNFIT)),
    door=st.sampled_from([Door.SERVICE, Door.SERVICE, Door.FORM, Door.FORM, Door.COMMAND]),
)
operations = st.sampled_from(["Pay", "Pay", "*", "GetPayHistory"])
places = st.integers(0, 9)


class Violated(AssertionError):
    """An invariant does not hold; the sentences say which and how."""


class TopUps(RuleBasedStateMachine):
    """Anything may happen to a handful of top-ups, in any order: the invariants hold after each step, and at rest."""

    def __init__(self, prepare: Callable[..., World], explored: Explored) -> None:
        super().__init__()
        self.world = prepare(settling_time=SETTLING_TIME)
        self.explored = explored
        self.seen = Seen()
        self.asked = 0
        self.orders: list[tuple[Order, str]] = []
        self.is_broken = False

    @initialize(orders=st.lists(orders, min_size=3, max_size=6))
    def begin(self, orders: list[Drawn]) -> None:
        for order in orders:
            self._submit(order)

    @rule(order=orders)
    def submit(self, order: Drawn) -> None:
        self._submit(order)

    @rule(order=orders, kind=st.sampled_from(Kind))
    def submit_into_a_failure(self, order: Drawn, kind: Kind) -> None:
        self._fail(kind, "Pay", 1)
        reference = self._submit(order)
        if reference is not None:
            topup_sending.carry_out(topup_id=id_of(reference), now=self.world.now)

    @precondition(lambda self: self.orders)
    @rule(place=places, is_other=st.booleans())
    def submit_again_under_its_key(self, place: int, is_other: bool) -> None:
        order, reference = self._order(place)
        other = replace(order, amount=SMALLEST * (2 if order.amount == SMALLEST else 1))
        again = None if is_other else ask(self.world, order)
        another = ask(self.world, other) if is_other else None
        self.seen.bursts.append(Burst(order.key, [reference] if is_other else [reference, again], another))

    @precondition(lambda self: self.orders)
    @rule(place=places)
    def deliver(self, place: int) -> None:
        topup_sending.carry_out(topup_id=self._id(place), now=self.world.now)

    @precondition(lambda self: self.orders)
    @rule(place=places)
    def deliver_four_times_at_once(self, place: int) -> None:
        carry_out = partial(topup_sending.carry_out, topup_id=self._id(place), now=self.world.now)
        beside_one_another(*[carry_out] * TIMES_DELIVERED, self.world.flush_redis)

    @precondition(lambda self: self.orders)
    @rule(place=places, point=st.sampled_from(KillPoint))
    def die(self, place: int, point: KillPoint) -> None:
        carry_out_until_death(topup_id=self._id(place), now=self.world.now, point=point)
        self.explored.deaths[point] += 1

    @rule(by=st.sampled_from(PAUSES))
    def two_beats(self, by: timedelta) -> None:
        go_on(self.world, by)

    @rule()
    def decide_reviews(self) -> None:
        with suppress(SwitchError):
            decide_reviews(self.world)
            issue_again(self.world)
            credit_again(self.world)

    @rule(place=places, cents=st.integers(1, 100_000), how=st.sampled_from(Reported))
    def pay_online(self, place: int, cents: int, how: Reported) -> None:
        account = self.world.single[place % len(self.world.single)]
        self.asked += 1
        pay_online(self.world, self.seen, account, Decimal(cents) / 100, f"online-{self.asked}", how)

    @rule(kind=st.sampled_from(Kind), operation=operations, count=st.integers(1, 3))
    def fail(self, kind: Kind, operation: str, count: int) -> None:
        self._fail(kind, operation, count)

    @rule(by=st.sampled_from(Disturbance))
    def disturb(self, by: Disturbance) -> None:
        match by:
            case Disturbance.SWITCH_DOWN:
                self.world.control.pause()
            case Disturbance.SWITCH_UP:
                self.world.control.resume()
            case Disturbance.FAULTS_OVER:
                self._end_faults()
            case Disturbance.ACTS_LATE:
                self.world.control.drain()
            case Disturbance.REDIS_FLUSHED:
                self.world.flush_redis()

    @invariant()
    def what_must_always_hold(self) -> None:
        self.explored.steps += 1
        self._check(Evidence.gather(self.world, self.seen), AT_ANY_TIME)

    def teardown(self) -> None:
        if not self.is_broken:
            self._check(self._at_rest(), INVARIANTS)

    def _at_rest(self) -> Evidence:
        # Where the portal is known to be wrong by now, it may well fail at this too.
        with suppress(Exception) if self.is_broken else nullcontext():
            self._end_faults()
            come_to_rest(self.world, self.seen)
        evidence = Evidence.gather(self.world, self.seen)
        self.explored.count(evidence, skipped=self.world.clock.ahead)
        return evidence

    def _submit(self, drawn: Drawn) -> str | None:
        world = self.world
        choices = [(world.payer, world.debited), (world.voucher, world.vouched), (None, world.single)]
        agent, accounts = choices[drawn.source]
        # The form is for resellers; others have a card where these have it.
        door = Door.CARD if agent is None and drawn.door is Door.FORM else drawn.door
        order = Order(accounts[drawn.place % len(accounts)], agent, drawn.amount, door, f"key-{self.asked}")
        self.asked += 1
        reference = ask(world, order)
        if reference is not None:
            self.orders.append((order, reference))
            if not order.is_fit:
                self.seen.unfit_accepted.append(reference)
        return reference

    def _fail(self, kind: Kind, operation: str, count: int) -> None:
        seconds = SHORT_WAIT if kind in WAITING else ACTS_LATE if kind is Kind.APPLY_LATER else None
        self.world.control.add_fault(operation, kind, count=count, seconds=seconds)

    def _end_faults(self) -> None:
        for fault in self.world.control.faults():
            self.explored.faults[fault.kind] += fault.injected
        self.world.control.clear_faults()

    def _order(self, place: int) -> tuple[Order, str]:
        return self.orders[-1 - place % len(self.orders)]

    def _id(self, place: int) -> int:
        return id_of(self._order(place)[1])

    def _check(self, evidence: Evidence, names: Iterable[str]) -> None:
        found = violations(evidence, names)
        if not found:
            return
        self.is_broken = True
        self.explored.violations = found
        if names is not INVARIANTS:
            # What else it comes to in the end.
            self.explored.violations = {**violations(self._at_rest(), INVARIANTS), **found}
        raise Violated(self.explored.violations)


def violations(evidence: Evidence, names: Iterable[str]) -> dict[str, list[str]]:
    return {name: sentences for name in names if (sentences := list(INVARIANTS[name](evidence)))}


def machine(prepare: Callable[..., World], explored: Explored) -> type[TopUps]:
    """Hypothesis makes one of this class for each example."""

    class OnThisGround(TopUps):
        def __init__(self) -> None:
            super().__init__(prepare, explored)

    return OnThisGround


def explore(prepare: Callable[..., World], *, seed: int, examples: int, steps: int) -> Explored:
    """As many examples by this seed; the first that violates an invariant is the last, and its steps are printed."""
    explored = Explored()
    chosen = settings(
        max_examples=examples,
        stateful_step_count=steps,
        derandomize=False,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    try:
        run_state_machine_as_test(hypothesis.seed(seed)(machine(prepare, explored)), settings=chosen)
    except (Violated, Flaky) as broken:
        if not explored.violations:
            raise
        traceback.print_exception(broken, limit=0)
    return explored
