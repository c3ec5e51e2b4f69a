"""What each day brings besides calls: rents, and people who top up."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial
from operator import itemgetter
from random import Random

from simulator.clock import Clock
from simulator.ledger import Ledger
from simulator.records import Account, ChargeKind, PayKind, PayMethod
from simulator.sample import PACKAGE_ORDERS, PACKAGES, PEOPLE

Event = tuple[int, Callable[[], None]]

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
_REFILLS = {person.account: Decimal(person.refill) for person in PEOPLE if person.refill}


def happen(events: Iterable[Event]) -> None:
    """Book the day in the order of time, so that every row states the balance of its moment."""
    for _, act in sorted(events, key=itemgetter(0)):
        act()


@dataclass
class Daily:
    draw: Random
    ledger: Ledger

    def events(self, day: date, clock: Clock) -> list[Event]:
        begin = clock.day_start(day)
        rents = begin + 5 * _MINUTE_MS
        noon = begin + (12 * 60 + day.toordinal() * 17 % 45) * _MINUTE_MS
        return [(rents, partial(self._rents, day, rents)), (noon, partial(self._refill, noon))]

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

    def _charge(self, name: str, money: Decimal, kind: ChargeKind, at: int, charged_for: int = 0) -> None:
        account = self.ledger.find(name)
        if account is not None:
            self.ledger.charge(account, money, kind=kind, at=at, name=charged_for)

    def _refill(self, at: int) -> None:
        for name, usual in _REFILLS.items():
            account = self.ledger.find(name)
            if account is None:
                continue
            if account.money < usual * Decimal("0.35") or self.draw.random() < 0.04:
                self._top_up(account, usual, at)
            elif self.draw.random() < 0.004:
                self._correct(account, at)

    def _top_up(self, account: Account, usual: Decimal, at: int) -> None:
        voucher = usual <= 50 and self.draw.random() < 0.25
        self.ledger.pay(
            account,
            usual,
            kind=PayKind.TOP_UP,
            method=PayMethod.VOUCHER if voucher else PayMethod.CASH,
            memo="" if voucher else self.draw.choice(_MEMOS),
            at=at,
        )

    def _correct(self, account: Account, at: int) -> None:
        self.ledger.pay(
            account,
            Decimal("-1.25"),
            kind=PayKind.DEDUCTION,
            method=PayMethod.OTHER,
            memo="correction of an earlier payment",
            at=at,
        )
