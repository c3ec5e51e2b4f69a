"""A day of very many calls, made while it is read and never held."""

from collections.abc import Iterator
from decimal import Decimal
from functools import cached_property
from random import Random

import msgspec
from msgspec.structs import replace

from simulator.records import ZERO, Call

_PATTERN_LENGTH = 997
_LONGEST_SECONDS = 900


class FloodTotals(msgspec.Struct, frozen=True):
    count: int
    fee: Decimal
    agent_fee: Decimal
    fee_time: int


class Flood(msgspec.Struct, frozen=True, dict=True):
    """`count` calls of one account on one day; they repeat a short pattern drawn from the seed."""

    account: str
    account_name: str
    agent: str
    agent_name: str
    count: int
    seed: int
    begin: int
    end: int
    first_flow: int

    @cached_property
    def pattern(self) -> list[Call]:
        draw = Random(self.seed)
        return [self._pattern_call(draw) for _ in range(_PATTERN_LENGTH)]

    def _pattern_call(self, draw: Random) -> Call:
        answered = draw.random() < 0.6
        seconds = draw.randrange(1, _LONGEST_SECONDS) if answered else 0
        return Call(
            caller_e164=f"37160{draw.randrange(10**6):06}",
            callee_e164=f"88017{draw.randrange(10**8):08}",
            start=0,
            stop=(seconds + draw.randrange(2, 30)) * 1000,
            hold_time=seconds,
            account=self.account,
            account_name=self.account_name,
            agent_account=self.agent,
            agent_name=self.agent_name,
            flow_no=0,
            fee_time=seconds,
            fee=Decimal(seconds * 317) / 10**6,
            fee_prefix="880",
            agent_fee=Decimal(seconds * 290) / 10**6 if self.agent else ZERO,
            agent_fee_time=seconds if self.agent else 0,
            agent_fee_prefix="880" if self.agent else "",
            caller_gateway="gw-flood",
            callee_gateway="rt-dhaka-1",
            caller_ip="203.0.113.77",
            callee_ip="198.51.100.20",
            end_reason=16 if answered else 19,
        )

    def calls(self) -> Iterator[Call]:
        """Make the calls in the order of their start; all of them also stop within the day."""
        span = self.end - self.begin - (_LONGEST_SECONDS + 30) * 1000
        pattern = self.pattern
        for number in range(self.count):
            like = pattern[number % _PATTERN_LENGTH]
            start = self.begin + span * number // self.count
            yield replace(like, start=start, stop=start + like.stop, flow_no=self.first_flow + number)

    def totals(self) -> FloodTotals:
        rounds, rest = divmod(self.count, _PATTERN_LENGTH)
        whole, part = self.pattern, self.pattern[:rest]
        return FloodTotals(
            count=self.count,
            fee=rounds * sum((call.fee for call in whole), ZERO) + sum((call.fee for call in part), ZERO),
            agent_fee=rounds * sum((call.agent_fee for call in whole), ZERO)
            + sum((call.agent_fee for call in part), ZERO),
            fee_time=rounds * sum(call.fee_time for call in whole) + sum(call.fee_time for call in part),
        )
