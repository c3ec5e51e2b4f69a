"""The whole switch: its state, what time does to it, and the way of one operation."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import RLock
from typing import Any

from simulator import limits
from simulator.cdr import RecordStream
from simulator.clock import Clock
from simulator.contract import BadField, Operation, contract
from simulator.live import Live, maker_of
from simulator.operations import HANDLERS
from simulator.options import FIRST_NEWER_SECTION, NEWER_FIELDS, Options
from simulator.refusals import BAD_REQUEST, Refusal
from simulator.registry import Result
from simulator.state import State
from simulator.tables import sample_tables
from simulator.world import build

Answer = dict[str, Any] | RecordStream


@dataclass(frozen=True)
class Later:
    """A write that the core does after the web tier gave up on it."""

    due: int
    operation: Operation
    body: Mapping[str, Any]
    done: Callable[[Answer], None]


class Switch:
    """The switch. `lock` guards everything: a thread that touches `state` holds it."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.lock = RLock()
        self.pending: list[Later] = []
        self.state = self._build(options.seed)

    def _build(self, seed: int) -> State:
        self._seed = seed
        clock = Clock(self.options.zone)
        self._pristine = build(seed, clock)
        self._pristine_tables = sample_tables(seed, self._pristine.maker.phones, self._pristine.built_at)
        return self._fresh(clock)

    def _fresh(self, clock: Clock) -> State:
        ledger = self._pristine.ledger.copy()
        maker = maker_of(self._seed, ledger, self._pristine.maker)
        live = Live.begin(maker, clock, quiet=self.options.quiet)
        return State(self.options, clock, ledger, self._pristine_tables.copy(), live, self.options.counting)

    def reset(self, seed: int | None = None) -> None:
        """Go back to the sample world, which is made again when the calendar day or the seed is another."""
        with self.lock:
            clock = Clock(self.options.zone)
            same_day = clock.day_of(self._pristine.built_at) == clock.today()
            self.pending.clear()
            if same_day and seed in {None, self._seed}:
                self.state = self._fresh(clock)
            else:
                self.state = self._build(self._seed if seed is None else seed)

    def operation(self, name: str) -> Operation | None:
        """Find an operation; None when this build does not have it."""
        found = contract().operations.get(name)
        if found and self.options.older and found.section >= FIRST_NEWER_SECTION:
            return None
        return found

    def advance(self) -> None:
        self.state.live.advance(self.state.ledger)
        now = self.state.clock.now()
        due = [later for later in self.pending if later.due <= now]
        self.pending = [later for later in self.pending if later.due > now]
        for later in due:
            later.done(self._act(later.operation, later.body))

    def drain(self) -> int:
        """Do everything that is pending now."""
        with self.lock:
            waiting, self.pending = self.pending, []
            for later in waiting:
                later.done(self._act(later.operation, later.body))
            return len(waiting)

    def postpone(
        self, operation: Operation, body: Mapping[str, Any], seconds: float, done: Callable[[Answer], None]
    ) -> None:
        with self.lock:
            due = self.state.clock.now() + int(seconds * 1000)
            self.pending.append(Later(due, operation, body, done))

    def perform(self, operation: Operation, body: Mapping[str, Any]) -> Answer:
        with self.lock:
            self.advance()
            return self._act(operation, body)

    def perform_at(self, operation: Operation, body: Mapping[str, Any], skew_ms: int) -> Answer:
        """Perform an operation by a clock that is off by `skew_ms`."""
        with self.lock:
            self.state.clock.offset_ms += skew_ms
            try:
                return self._act(operation, body)
            finally:
                self.state.clock.offset_ms -= skew_ms

    def _act(self, operation: Operation, body: Mapping[str, Any]) -> Answer:
        try:
            self._check_extra_fields(body)
            read = contract().read(operation, body)
            limits.check(self.options, self.state.clock, operation.name, read)
            result = HANDLERS[operation.name](self.state, read)
        except BadField as bad:
            return contract().answer(operation, {"retCode": BAD_REQUEST, "exception": str(bad)})
        except Refusal as refusal:
            return contract().answer(operation, {"retCode": refusal.code, "exception": refusal.text})
        return self._answer(operation, result)

    def _check_extra_fields(self, body: Mapping[str, Any]) -> None:
        for name, value in self.options.extra_fields:
            if body.get(name) != value:
                raise Refusal(BAD_REQUEST, f"Parameter {name} is wrong.")

    def _answer(self, operation: Operation, result: Result) -> Answer:
        if isinstance(result, RecordStream):
            return result
        if not self.options.keep_empty_lists:
            result = {key: value for key, value in result.items() if value != []}
        answer = contract().answer(operation, result)
        return _without_newer_fields(operation, answer) if self.options.older else answer


def _without_newer_fields(operation: Operation, answer: dict[str, Any]) -> dict[str, Any]:
    for field in operation.response:
        newer = NEWER_FIELDS.get(field.type)
        value = answer.get(field.name)
        if newer and value is not None:
            for row in value if isinstance(value, list) else [value]:
                for name in newer:
                    row.pop(name, None)
    return answer


def succeeded(answer: Answer) -> bool:
    return isinstance(answer, RecordStream) or answer["retCode"] == 0
