"""What is put wrong, and the truth about it: where, by how much, and why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from random import Random

from bench.balances.history import DAY, HOUR, MINUTE, Called, History, Interval, Moved, interval_at, intervals
from billing.balances.models import Cause

# Nearer to a stated balance than this it cannot be said whether a call is in it.
CLEAR = 3 * MINUTE
KINDS = (
    Cause.RECORD_EDITED,
    Cause.RECORD_MISSING,
    Cause.LATE_RECORD,
    Cause.PAYMENT_WITHOUT_RECORD,
    Cause.BALANCE_SET,
)
MISSING_PAYMENTS = ("5", "10", "20", "40", "75")
# Before this the portal follows no balance: calls of a day not known may end in it.
UNFOLLOWED = 14 * HOUR


@dataclass(frozen=True)
class Effect:
    """On one account: what a case about it must say. `difference` is stated minus expected."""

    account: str
    at: int
    interval: Interval
    difference: Decimal


@dataclass
class Discrepancy:
    """`call` is the record that is edited or gone, `moved` the movement that no row explains."""

    cause: Cause
    effects: list[Effect]
    call: Called | None = None
    moved: Moved | None = None
    fee: Decimal = Decimal(0)
    agent_fee: Decimal = Decimal(0)

    @property
    def truth(self) -> list[Effect]:
        """How far a balance moves that was set by hand shows once the history is played."""
        if self.moved is None:
            return self.effects
        return [replace(effect, difference=self.moved.moved) for effect in self.effects]


@dataclass
class Chooser:
    """Draws from the history; no two discrepancies lie between the same two stated balances."""

    history: History
    random: Random
    taken: set[tuple[str, int]] = field(default_factory=set)
    spans: Mapping[str, list[Interval]] = field(init=False)
    calls: dict[tuple[str, int], list[Called]] = field(init=False)

    def __post_init__(self) -> None:
        self.spans = intervals(self.history)
        self.calls = defaultdict(list)
        for event in self.history.events:
            if isinstance(event, Called) and event.fee:
                for span in self._around(event):
                    self.calls[span.account, span.begin].append(event)

    def choose(self, count: int) -> list[Discrepancy]:
        """As many of each kind as the history has room for; RuntimeError when that is not `count`."""
        # What lies in the last hours first: there are few places for it.
        chosen = list(self._take(Cause.LATE_RECORD, count // len(KINDS)))
        for kind in KINDS:
            if kind is not Cause.LATE_RECORD:
                chosen += self._take(kind, count // len(KINDS))
        if len(chosen) != count:
            raise RuntimeError(f"room for {len(chosen)} of {count} discrepancies")
        return chosen

    def _take(self, kind: Cause, count: int) -> Iterator[Discrepancy]:
        places = [span for of_account in self.spans.values() for span in of_account if self._fits(kind, span)]
        self.random.shuffle(places)
        taken = 0
        for span in places:
            if taken < count and (found := self._make(kind, span)):
                self.taken.update((effect.account, effect.interval.begin) for effect in found.effects)
                taken += 1
                yield found

    def _fits(self, kind: Cause, span: Interval) -> bool:
        now = self.history.now
        first = min(each.begin for of_account in self.spans.values() for each in of_account[:1])
        if span.begin < first + UNFOLLOWED or (span.end or now) - span.begin < 4 * CLEAR:
            return False
        if kind is Cause.LATE_RECORD:
            return (span.end or now) > now - DAY + 2 * HOUR
        return kind is not Cause.RECORD_MISSING or (span.end or now) < now - DAY - HOUR

    def _make(self, kind: Cause, span: Interval) -> Discrepancy | None:
        if (span.account, span.begin) in self.taken:
            return None
        if kind in (Cause.PAYMENT_WITHOUT_RECORD, Cause.BALANCE_SET):
            return self._movement(kind, span)
        calls = self.calls[span.account, span.begin]
        if not calls:
            return None
        call = self.random.choice(calls)
        return self._edit(span, call) if kind is Cause.RECORD_EDITED else self._removal(kind, call)

    def _movement(self, kind: Cause, span: Interval) -> Discrepancy:
        at = self.random.randrange(span.begin + CLEAR, (span.end or self.history.now - 10 * MINUTE) - CLEAR)
        moved = Moved(span.account, at, at)
        if kind is Cause.BALANCE_SET:
            moved.to = Decimal(self.random.randrange(-20, 400))
        else:
            moved.by = Decimal(self.random.choice(MISSING_PAYMENTS))
        return Discrepancy(kind, [Effect(span.account, at, span, Decimal(0))], moved=moved)

    def _edit(self, span: Interval, call: Called) -> Discrepancy:
        """What an agent pays for a call is edited apart from what the call costs its caller."""
        by = Decimal(self.random.choice((1, -1)) * self.random.randint(900, 400_000)).scaleb(-6)
        fee, agent_fee = call.fee, call.agent_fee
        if span.account == call.account:
            fee = max(Decimal(0), fee + by)
        else:
            agent_fee = max(Decimal(0), agent_fee + by)
        difference = fee - call.fee + agent_fee - call.agent_fee
        effect = Effect(span.account, call.at, span, difference)
        return Discrepancy(Cause.RECORD_EDITED, [effect], call=call, fee=fee, agent_fee=agent_fee)

    def _removal(self, kind: Cause, call: Called) -> Discrepancy | None:
        """It is missing for the account and for its agent."""
        spans = self._around(call)
        if len(spans) < 1 + bool(self.history.agents[call.account]):
            return None
        if any((span.account, span.begin) in self.taken or not self._fits(kind, span) for span in spans):
            return None
        fees = {call.account: call.fee, self.history.agents[call.account]: call.agent_fee}
        effects = [Effect(span.account, call.at, span, -fees[span.account]) for span in spans]
        return Discrepancy(kind, effects, call=call)

    def _around(self, call: Called) -> list[Interval]:
        """Of the account and of its agent, where the call surely lies within one."""
        payers = filter(None, (call.account, self.history.agents[call.account]))
        spans = (interval_at(self.spans[payer], call.at) for payer in payers)
        return [span for span in spans if span is not None and self._is_clear(span, call.at)]

    def _is_clear(self, span: Interval, at: int) -> bool:
        return at - span.begin > CLEAR and (span.end or self.history.now) - at > CLEAR
