"""Invented calls, drawn from a seed and written as PostgreSQL's COPY reads them. One account-day is held at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from bench.calls.plan import Plan
from billing.lib.days import DAY

SHAPES = 1 << 12
CALLERS = 1 << 4
FAVOURITES = 1 << 8
LONGEST = 2 * 3600
DAY_SECONDS = 24 * 3600
# Called three times by the largest account, on its first day alone.
RARE_CALLEE = "9990001112223"

COLUMNS = (
    "id, switch_id, account_id, agent_number, day, flow_no, started_at, ended_at, caller, callee, talk_seconds,"
    " billed_seconds, fee, fee_prefix, package_fee, package_seconds, agent_fee, call_level, end_direction, end_reason,"
    " billing_mode, callee_billing"
)
# Prefix, call level, millionths of a unit of money for a second.
DESTINATIONS = (
    *(("880", 5, 317), ("92", 5, 410), ("91", 5, 122), ("234", 5, 890), ("44", 5, 95), ("447", 5, 260)),
    *(("49", 5, 98), ("4915", 5, 280), ("1", 5, 60), ("86", 5, 140), ("8613", 5, 150), ("371", 4, 80)),
    *(("37160", 2, 40), ("3712", 2, 30), ("7", 1, 0), ("63", 5, 990), ("84", 5, 520), ("62", 5, 480)),
)
TIMES = [f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}+00" for second in range(DAY_SECONDS)]


@dataclass(frozen=True)
class Shape:
    """What many calls have in common: from the talk to the end of the line."""

    prefix: str
    seconds: int
    tail: str


@dataclass(frozen=True)
class Caller:
    """An account of the database with the numbers that it calls from and often calls."""

    switch: int
    account: int
    agent: str
    numbers: Sequence[str]
    favourites: Sequence[str]


def callers(plan: Plan, switch: int, accounts: Sequence[tuple[int, str]]) -> list[Caller]:
    """`accounts` are id and the agent's number."""
    draw = Random(plan.seed + 1)
    return [
        Caller(
            switch,
            account,
            agent,
            [f"37160{draw.randrange(10**6):06}" for _ in range(CALLERS)],
            [f"{draw.choice(DESTINATIONS)[0]}{draw.randrange(10**7):07}" for _ in range(FAVOURITES)],
        )
        for account, agent in accounts
    ]


class Generator:
    """The flow number, which is also the row's id here, counts on over all days."""

    def __init__(self, plan: Plan, callers: Sequence[Caller]) -> None:
        self.made = 0
        self._plan, self._callers = plan, callers
        self._draw = Random(plan.seed + 2)
        self._shapes = {paid: [self._shape(with_agent=paid) for _ in range(SHAPES)] for paid in (False, True)}

    def months(self) -> Iterator[tuple[date, Iterator[str]]]:
        """The first day of each month, and its lines in pieces, which must be taken before the next month's."""
        of_month: list[tuple[date, list[int]]] = []
        for day, counts in self._plan.counts():
            of_month.append((day, counts))
            if (day + DAY).day == 1 or day == self._plan.last:
                yield of_month[0][0], self._pieces(of_month)
                of_month = []

    def _pieces(self, days: Sequence[tuple[date, list[int]]]) -> Iterator[str]:
        for day, counts in days:
            for caller, count in zip(self._callers, counts, strict=True):
                if count:
                    yield self._account_day(caller, day, count)

    def _account_day(self, caller: Caller, day: date, count: int) -> str:
        """In the order of time, as the switch numbers them."""
        bits, shapes, numbers, favourites = (
            self._draw.getrandbits,
            self._shapes[bool(caller.agent)],
            caller.numbers,
            caller.favourites,
        )
        head = f"{caller.switch}\t{caller.account}\t{caller.agent}\t{day}"
        today, tomorrow = f"{day} ", f"{day + timedelta(days=1)} "
        lines = []
        for number in range(count):
            self.made += 1
            drawn = bits(48)
            shape = shapes[drawn & 0xFFF]
            start = number * DAY_SECONDS // count
            end = start + shape.seconds
            ended = today + TIMES[end] if end < DAY_SECONDS else tomorrow + TIMES[end - DAY_SECONDS]
            # A quarter of the calls go to numbers that are often called.
            often, digits = not drawn >> 46, drawn >> 20
            callee = favourites[digits & 0xFF] if often else f"{shape.prefix}{digits & 0x7FFFFF:07}"
            lines.append(
                f"{self.made}\t{head}\t{self.made}\t{today}{TIMES[start]}\t{ended}\t{numbers[drawn >> 12 & 0xF]}"
                f"\t{callee}\t{shape.tail}"
            )
        if day == self._plan.first and caller is self._callers[0]:
            _put_callee(lines, RARE_CALLEE)
        return "".join(lines)

    def _shape(self, *, with_agent: bool) -> Shape:
        draw = self._draw
        prefix, level, price = draw.choice(DESTINATIONS)
        answered = draw.random() < 0.6
        talked = min(LONGEST, 1 + int(draw.expovariate(1 / 150))) if answered else 0
        # Full minutes, as many tariffs have it.
        billed = -(-talked // 60) * 60
        fee, agent_fee = price * billed, price * billed * 7 // 10 if with_agent else 0
        reason = draw.choice((16, 16, 31)) if answered else draw.choice((17, 18, 19, 21, 34))
        direction = 2 if draw.random() < 0.01 else draw.randrange(2)
        tail = (
            f"{talked}\t{billed}\t{fee / 1e6:.6f}\t{prefix}\t0\t0\t{agent_fee / 1e6:.6f}\t{level}\t{direction}"
            f"\t{reason}\t0\t0\n"
        )
        return Shape(prefix, talked + draw.randrange(2, 30), tail)


def _put_callee(lines: list[str], callee: str) -> None:
    place = COLUMNS.split(", ").index("callee")
    for number in range(min(3, len(lines))):
        fields = lines[number].split("\t")
        lines[number] = "\t".join([*fields[:place], callee, *fields[place + 1 :]])
