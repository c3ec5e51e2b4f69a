"""The past of some accounts: what was booked when, and the balance that each payment and charge states."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from decimal import Decimal
from operator import attrgetter
from random import Random

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
# A fee is written this much before or after the call's end: beside a payment the order may be another.
BOOKED_WITHIN = 20_000
TOP_UPS = ("5", "10", "20", "25", "50", "100", "33.37", "12.5")
PRICES = ("0.0095", "0.0284", "0.0146", "0.0322", "0.0518", "0.115", "0.00615")
RENT = Decimal("0.033")


@dataclass
class Person:
    """`agent` is the number of the account above; an account with any below is an agent."""

    number: str
    agent: str = ""


@dataclass
class Event:
    """Something that the switch booked; times in milliseconds. `balance` is the account's after it."""

    account: str
    at: int
    booked_at: int
    balance: Decimal = Decimal(0)


@dataclass
class Paid(Event):
    amount: Decimal = Decimal(0)


@dataclass
class Charged(Event):
    amount: Decimal = Decimal(0)


@dataclass
class Called(Event):
    """`at` is its end."""

    seconds: int = 60
    fee: Decimal = Decimal(0)
    agent_fee: Decimal = Decimal(0)
    flow_no: int = 0


@dataclass
class Moved(Event):
    """The balance moves by an amount, or is set to one, and no row says so."""

    by: Decimal | None = None
    to: Decimal | None = None
    # How far it moved, once it did.
    moved: Decimal = Decimal(0)


@dataclass
class History:
    """`now` is where it ends."""

    people: list[Person]
    events: list[Event]
    now: int
    agents: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.agents = {person.number: person.agent for person in self.people}

    def play(self) -> None:
        """Works out every balance, in the order in which things were booked."""
        self.events.sort(key=attrgetter("booked_at"))
        balances = dict.fromkeys(self.agents, Decimal(0))
        for event in self.events:
            match event:
                case Paid():
                    balances[event.account] += event.amount
                case Charged():
                    balances[event.account] -= event.amount
                case Called():
                    balances[event.account] -= event.fee
                    if self.agents[event.account]:
                        balances[self.agents[event.account]] -= event.agent_fee
                case Moved():
                    before = balances[event.account]
                    balances[event.account] = before + event.by if event.by is not None else event.to or Decimal(0)
                    event.moved = balances[event.account] - before
            event.balance = balances[event.account]


@dataclass
class Interval:
    """Between two stated balances of an account; the last one has no end yet."""

    account: str
    begin: int
    end: int | None


def intervals(history: History) -> dict[str, list[Interval]]:
    """By account, in order."""
    stated: dict[str, list[int]] = {person.number: [] for person in history.people}
    for event in history.events:
        if isinstance(event, Paid | Charged):
            stated[event.account].append(event.at)
    return {
        number: [
            Interval(number, begin, end) for begin, end in zip(sorted(times), [*sorted(times)[1:], None], strict=True)
        ]
        for number, times in stated.items()
    }


def interval_at(of_account: list[Interval], at: int) -> Interval | None:
    """None before the first stated balance."""
    place = bisect_left(of_account, at, key=attrgetter("begin"))
    return of_account[place - 1] if place else None


def invent(random: Random, *, people: list[Person], calls: int, payments: int, days: int, now: int) -> History:
    """Ends some minutes before now."""
    first, last = now - days * DAY, now - 10 * MINUTE
    agents = {person.agent for person in people} - {""}
    talkers = [person for person in people if person.number not in agents]
    events: list[Event] = []
    for number in range(payments):
        # Everybody pays; agents do as often as anybody else.
        person = people[number % len(people)]
        at = random.randrange(first, last)
        amount = Decimal("-1.25") if random.random() < 0.02 else Decimal(random.choice(TOP_UPS))
        events.append(Paid(person.number, at, at, amount=amount))
    events += [_call(random, random.choice(talkers), random.randrange(first, last)) for _ in range(calls)]
    for person in talkers[::3]:
        for day in range(days):
            at = first + day * DAY + 5 * MINUTE
            events.append(Charged(person.number, at, at, amount=RENT))
    return History(people, events, now)


def _call(random: Random, person: Person, end: int) -> Called:
    seconds = max(1, int(random.expovariate(1 / 150)))
    minutes = -(-seconds // 60)
    fee = minutes * Decimal(random.choice(PRICES)) if random.random() < 0.8 else Decimal(0)
    agent_fee = (fee * Decimal("0.7")).quantize(Decimal("0.000001")) if person.agent else Decimal(0)
    booked_at = end + random.randint(-BOOKED_WITHIN, BOOKED_WITHIN)
    return Called(person.number, end, booked_at, seconds=seconds, fee=fee, agent_fee=agent_fee)
