"""The sample world: sixty days of calls, payments and charges that end at the moment it is made."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from operator import itemgetter
from random import Random

import msgspec

from simulator.caller import CallMaker
from simulator.clock import DAY, Clock
from simulator.ledger import Ledger
from simulator.records import Account, Call, ChargeKind, PayKind, PayMethod
from simulator.sample import PACKAGE_ORDERS, PACKAGES, PEOPLE, PROFILES, Person, rate_tables

PAST_DAYS = 60
_YEAR_MS = 365 * 86_400_000
_MINUTE_MS = 60_000
_MEMOS = (
    "",
    "",
    "bank transfer",
    "espèces",
    "cash at the counter",
    "Überweisung",
    "微信支付",
    "thank you 🙏",
)


class World(msgspec.Struct):
    ledger: Ledger
    maker: CallMaker
    built_at: int


def build(seed: int, clock: Clock) -> World:
    """The same seed and instant give the same world."""
    now = clock.now()
    today = clock.day_of(now)
    first = today - timedelta(days=PAST_DAYS)
    draw = Random(seed)
    ledger = Ledger()
    for person in PEOPLE:
        ledger.open(_account(person, clock.day_start(first) - 40 * 86_400_000, now))
    maker = CallMaker(draw, ledger, rate_tables(), phone_numbers())
    replay = _Replay(ledger, draw)
    beyond: list[Call] = []
    for day in _days(first, today):
        end = min(clock.day_end(day), now + 1)
        calls = beyond + _calls_of_day(maker, day, clock, now)
        beyond = [call for call in calls if call.stop >= end]
        replay.run([call for call in calls if call.stop < end], day, clock.day_start(day), end)
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


def _days(first: date, last: date) -> Iterator[date]:
    while first <= last:
        yield first
        first += DAY


def _calls_of_day(maker: CallMaker, day: date, clock: Clock, now: int) -> list[Call]:
    month = day.strftime("%Y%m")
    return [
        maker.make(profile, start, month)
        for profile in PROFILES
        for start in maker.starts_of_day(profile, day, clock)
        if start < now
    ]


class _Replay:
    """Plays one day after another in order, so that every row states the balance of its moment."""

    def __init__(self, ledger: Ledger, draw: Random) -> None:
        self.ledger = ledger
        self.draw = draw
        self.refills = {person.account: person.refill for person in PEOPLE if person.refill}

    def run(self, calls: list[Call], day: date, begin: int, end: int) -> None:
        """What happens from `begin` to before `end`, where the calls stop."""
        rents = begin + 5 * _MINUTE_MS
        noon = begin + 12 * 60 * _MINUTE_MS + self.draw.randrange(45 * _MINUTE_MS)
        events: list[tuple[int, Callable[[], None]]] = [
            (rents, partial(self._rents, day, rents)),
            (noon, partial(self._refill, noon)),
            *((call.stop, partial(self.ledger.record, call)) for call in calls),
        ]
        for at, happen in sorted(events, key=itemgetter(0)):
            if at < end:
                happen()

    def _rents(self, day: date, at: int) -> None:
        self._charge("C-301", Decimal("0.15"), ChargeKind.PHONE_RENT, at)
        self._charge("A-20417", Decimal("0.033"), ChargeKind.PHONE_RENT, at)
        if day.day != 1:
            return
        rents = {package.id: package.rent for package in PACKAGES}
        for order in PACKAGE_ORDERS:
            self._charge(order.account, rents[order.package], ChargeKind.PACKAGE_RENT, at, order.package)
        self._charge("A-20418", Decimal("1.2045"), ChargeKind.PHONE_MINIMUM, at)
        self._charge("A-30101", Decimal("0.87125"), ChargeKind.PACKAGE_MINIMUM, at, 3)

    def _charge(self, account: str, money: Decimal, kind: ChargeKind, at: int, name: int = 0) -> None:
        self.ledger.charge(self.ledger.accounts[account], money, kind=kind, at=at, name=name)

    def _refill(self, at: int) -> None:
        for name, usual in self.refills.items():
            account = self.ledger.accounts[name]
            if account.money < Decimal(usual) * Decimal("0.35") or self.draw.random() < 0.04:
                voucher = usual <= 50 and self.draw.random() < 0.25
                self.ledger.pay(
                    account,
                    Decimal(usual),
                    kind=PayKind.TOP_UP,
                    method=PayMethod.VOUCHER if voucher else PayMethod.CASH,
                    memo="" if voucher else self.draw.choice(_MEMOS),
                    at=at,
                )
            elif self.draw.random() < 0.004:
                self._correct(account, at)

    def _correct(self, account: Account, at: int) -> None:
        self.ledger.pay(
            account,
            Decimal("-1.25"),
            kind=PayKind.DEDUCTION,
            method=PayMethod.OTHER,
            memo="correction of an earlier payment",
            at=at,
        )
