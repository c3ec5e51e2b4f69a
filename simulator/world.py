"""The sample world: sixty days of calls, payments and charges that end at the moment it is made."""

from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from random import Random

import msgspec

from simulator.caller import CallMaker
from simulator.clock import Clock, days_between
from simulator.daily import Daily, happen
from simulator.ledger import Ledger
from simulator.records import Account, Call
from simulator.sample import PEOPLE, PROFILES, Person, rate_tables

PAST_DAYS = 60
_YEAR_MS = 365 * 86_400_000


class World(msgspec.Struct):
    ledger: Ledger
    maker: CallMaker
    built_at: int


def build(seed: int, clock: Clock) -> World:
    """Build the world; the same seed and instant give the same one."""
    now = clock.now()
    today = clock.day_of(now)
    first = today - timedelta(days=PAST_DAYS)
    draw = Random(seed)
    ledger = Ledger()
    for person in PEOPLE:
        ledger.open(_account(person, clock.day_start(first) - 40 * 86_400_000, now))
    maker = CallMaker(draw, ledger, rate_tables(), phone_numbers())
    daily = Daily(draw, ledger)
    calls: list[Call] = []
    for day in days_between(first, today):
        calls += _calls_of_day(maker, day, clock, now)
        end = min(clock.day_end(day), now + 1)
        events = daily.events(day, clock)
        events += [(call.stop, partial(ledger.record, call)) for call in calls]
        happen(event for event in events if event[0] < end)
        calls = [call for call in calls if call.stop >= end]
    return World(ledger, maker, now)


def _account(person: Person, start: int, now: int) -> Account:
    return Account(
        account=person.account,
        name=person.name,
        money=Decimal(person.opening),
        limit_money=Decimal(person.limit),
        rate_group=person.rate_group,
        lock_type=person.lock,
        agent=person.agent,
        start_time=start,
        valid_time=now + _YEAR_MS if person.valid is None else person.valid,
        category=person.category,
        memo=person.memo,
        additional={"cardType": 0, "reportType": 0, "email": person.email or None},
    )


def phone_numbers() -> dict[str, list[str]]:
    numbers: dict[str, list[str]] = {}
    following = 442079460101
    for person in PEOPLE:
        for _ in range(person.phones):
            numbers.setdefault(person.account, []).append(str(following))
            following += 1
    return numbers


def _calls_of_day(maker: CallMaker, day: date, clock: Clock, now: int) -> list[Call]:
    month = day.strftime("%Y%m")
    return [
        maker.make(profile, start, month)
        for profile in PROFILES
        for start in maker.starts_of_day(profile, day, clock)
        if start < now
    ]
