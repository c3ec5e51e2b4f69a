"""Calls in progress, and the new ones that begin while the simulator runs."""

from dataclasses import dataclass, field
from functools import partial
from random import Random

from msgspec.structs import replace

from simulator.caller import CallMaker
from simulator.clock import Clock, days_between
from simulator.daily import Daily, Event, happen
from simulator.ledger import Ledger
from simulator.rates import price, rate_of
from simulator.records import Call
from simulator.sample import PROFILES, Profile

_LONGEST_CATCH_UP_MS = 6 * 3_600_000
_BUSY_BEFORE_MS = 180_000  # so that calls are in progress, and end, from the start
_ALWAYS_IN_PROGRESS = ("A-20417", "W-900")


@dataclass
class Live:
    """Calls in progress. Nothing runs by itself: `advance` makes up for the time that has passed."""

    maker: CallMaker
    clock: Clock
    quiet: bool
    next_at: int
    in_progress: dict[int, Call] = field(default_factory=dict)
    advanced_to: int = 0
    """The instant up to which everything has happened; 0 before the first advance."""

    @classmethod
    def begin(cls, maker: CallMaker, clock: Clock, *, quiet: bool) -> "Live":
        now = clock.now()
        live = cls(maker, clock, quiet, now - _BUSY_BEFORE_MS, advanced_to=now)
        for account in _ALWAYS_IN_PROGRESS:
            profile = next(profile for profile in PROFILES if profile.account == account)
            live._start(profile, now - 40_000, at_least=90)
        return live

    def advance(self, ledger: Ledger) -> None:
        """Let calls end and begin until now. In a quiet world they neither end nor are followed by others."""
        if self.quiet:
            return
        now = self.clock.now()
        self._begin_calls(now)
        since = self.advanced_to or now
        ended = [call for call in self.in_progress.values() if call.stop <= now]
        happen(
            [
                *self._days_events(ledger, since, now),
                *((call.stop, partial(self._end, call, ledger)) for call in ended),
            ]
        )
        self.advanced_to = max(since, now)

    def _begin_calls(self, now: int) -> None:
        self.next_at = max(self.next_at, now - _LONGEST_CATCH_UP_MS)
        while self.next_at <= now:
            weights = [profile.per_day + 20 for profile in PROFILES]
            self._start(self.maker.draw.choices(PROFILES, weights=weights)[0], self.next_at)
            self.next_at += self.maker.draw.randrange(2000, 7000)

    def _days_events(self, ledger: Ledger, since: int, now: int) -> list[Event]:
        daily = Daily(self.maker.draw, ledger)
        days = days_between(self.clock.day_of(since), self.clock.day_of(now))
        return [event for day in days for event in daily.events(day, self.clock) if since < event[0] <= now]

    def _end(self, call: Call, ledger: Ledger) -> None:
        del self.in_progress[call.flow_no]
        ledger.record(call)

    def disconnect(self, flow_no: int, ledger: Ledger) -> bool:
        """Ends a call in progress now; it is billed for what was talked."""
        call = self.in_progress.pop(flow_no, None)
        if call is None:
            return False
        now = self.clock.now()
        rate = rate_of(self.maker.rates, ledger.accounts[call.account].rate_group, call.callee_e164)
        seconds = max(0, min(call.hold_time, (now - call.start) // 1000))
        fee, billed = price(rate, seconds) if call.fee else (call.fee, call.fee_time)
        ledger.record(
            replace(call, stop=now, hold_time=seconds, fee=fee, fee_time=billed, end_direction=2, end_reason=31)
        )
        return True

    def _start(self, profile: Profile, at: int, at_least: int = 0) -> None:
        account = self.maker.ledger.find(profile.account)
        if account is None or account.lock_type:
            return
        call = self.maker.make(profile, at, self.clock.day_of(at).strftime("%Y%m"), at_least=at_least)
        self.in_progress[call.flow_no] = call


def maker_of(seed: int, ledger: Ledger, world_maker: CallMaker) -> CallMaker:
    """Give a world a maker with random draws of its own, so that a reset world goes on as the first one did."""
    return CallMaker(Random(seed + 1), ledger, world_maker.rates, world_maker.phones, dict(world_maker.used_seconds))
