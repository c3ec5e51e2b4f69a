"""What the switch tells of accounts, rates, packages and payments, typed.

Of all of it, calls too: money is Decimal in the switch's currency, durations are seconds, instants are UTC. Attributes
are the wire's names in snake case; fields in milliseconds have a property that gives the instant.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Self

from msgspec import field

from .codes import (
    Category,
    ChargeKind,
    CustomerType,
    LockType,
    PayKind,
    PayMethod,
)
from .record import LAST_MILLIS, Millis, Record, instant

NO_LIMIT = 2147483647
# How several prefixes are kept apart in one text; what the vendor uses is not published.
PREFIX_ENDS = re.compile(r"[,;|\s]+")


class ExpiryKind(Enum):
    NEVER = "never"
    SYSTEM_DEFAULT = "system default"
    AT = "at"


@dataclass(frozen=True, slots=True)
class Expiry:
    """When an account stops being valid; `instant` is set for `AT` alone."""

    kind: ExpiryKind
    instant: datetime | None = None

    @classmethod
    def of(cls, millis: int | None) -> Self:
        if not millis:
            return cls(ExpiryKind.SYSTEM_DEFAULT)
        if not 0 < millis <= LAST_MILLIS:
            return cls(ExpiryKind.NEVER)
        return cls(ExpiryKind.AT, instant(millis))


class CustomerBrief(Record, frozen=True, kw_only=True):
    """One row of GetAllCustomers (3.65). `limit_money` is the overdraft allowed below zero."""

    account: str
    money: Decimal
    limit_money: Decimal

    @property
    def unlimited(self) -> bool:
        return self.limit_money == NO_LIMIT

    @property
    def spendable(self) -> Decimal:
        return self.money + self.limit_money


class Customer(CustomerBrief, frozen=True, kw_only=True):
    """One row of GetCustomer (3.4). None: this build does not say. `agent_account` is empty for no agent."""

    name: str = ""
    fee_rate_group: str = ""
    type: CustomerType | None = None
    lock_type: LockType | None = None
    agent_account: str = ""
    phone_book_limit: int | None = None
    canceled: bool | None = None
    start_time: Millis | None = None
    valid_time: int | None = None
    today_consumption: Decimal | None = None
    category: Category | None = None
    bound_numbers: tuple[str, ...] | None = field(default=None, name="bindedE164s")
    memo: str = ""

    @property
    def expiry(self) -> Expiry:
        return Expiry.of(self.valid_time)

    @property
    def started_at(self) -> datetime | None:
        return instant(self.start_time) if self.start_time else None

    @property
    def is_agent(self) -> bool | None:
        return None if self.category is None else self.category == Category.AGENT

    @property
    def is_locked(self) -> bool | None:
        return None if self.lock_type is None else self.lock_type != LockType.OPEN


class FirstInterval(Record, frozen=True, kw_only=True):
    """Of a rate: `time` seconds, begun or not, cost `fee`."""

    fee: Decimal
    time: int
    position: int = 0


class FeeRate(Record, frozen=True, kw_only=True):
    """One row of GetFeeRate (3.44): `fee` for each begun `period` of seconds, after the first intervals."""

    fee_prefix: str
    area_name: str = ""
    first_intervals: tuple[FirstInterval, ...] = field(default=(), name="infoFeeRateSections")
    fee: Decimal
    period: int


class GiftTime(Record, frozen=True, kw_only=True):
    """Of a package: seconds to numbers with one of these prefixes, which stand in one text."""

    prefix: str = ""


class Suite(Record, frozen=True, kw_only=True):
    """One row of GetSuite (3.25): a package that can be had."""

    id: int
    name: str
    gift_times: tuple[GiftTime, ...] = field(default=(), name="infoGiftTimes")

    @property
    def prefixes(self) -> list[str]:
        """An empty one where it gives time to all numbers."""
        texts = (PREFIX_ENDS.split(gift.prefix.strip()) for gift in self.gift_times)
        return sorted({prefix for prefixes in texts for prefix in prefixes})


class SuiteOrder(Record, frozen=True, kw_only=True):
    """One row of GetSuiteOrder (3.29): that an account has a package, from when until when."""

    suite_id: int
    available_time: Millis
    expire_time: int | None = None

    @property
    def begins_at(self) -> datetime:
        return instant(self.available_time)

    @property
    def expiry(self) -> Expiry:
        return Expiry.of(self.expire_time)


class PhoneProof(Record, frozen=True, kw_only=True):
    """Of a row of GetPhone (3.9) what shows that somebody has the phone. Nobody outside the client gets to see it."""

    e164: str
    account: str = ""
    customer_password: str = ""

    def __repr__(self) -> str:
        return f"PhoneProof({self.e164})"


class Paid(Record, frozen=True, kw_only=True):
    """What Pay (3.22) and PayByPhoneCard (3.58) answer when it is done."""

    account: str
    balance_after: Decimal | None = field(default=None, name="money")
    amount: Decimal = field(name="payMoney")
    valid_time: int | None = None

    @property
    def expiry(self) -> Expiry:
        return Expiry.of(self.valid_time)


class PhoneCard(Record, frozen=True, kw_only=True):
    """A voucher card (3.84): `money` is what it pays in. `used_account` is the account that it was paid into."""

    money: Decimal
    expire_time: int | None = None
    used_time: Millis | None = None
    used_account: str | None = None

    @property
    def expiry(self) -> Expiry:
        return Expiry.of(self.expire_time)

    @property
    def is_used(self) -> bool:
        return bool(self.used_time or self.used_account)

    @property
    def used_at(self) -> datetime | None:
        return instant(self.used_time) if self.used_time else None


class PayRecord(Record, frozen=True, kw_only=True):
    """One row of GetPayHistory (3.46). Rows have no id, and two equal ones can both be real.

    `fee` is as stated; whether a deduction is stated with a minus is unknown. `amount` is what it did to the balance.
    """

    account: str
    fee: Decimal
    kind: PayKind = field(name="type")
    method: PayMethod | None = field(default=None, name="payType")
    balance_after: Decimal | None = field(default=None, name="customerMoney")
    pay_time: Millis
    memo: str = ""

    @property
    def paid_at(self) -> datetime:
        return instant(self.pay_time)

    @property
    def amount(self) -> Decimal:
        """Signed effect on the balance. Zeroing is taken to remove what was there."""
        if self.kind in (PayKind.DEDUCTION, PayKind.ZEROING):
            return -abs(self.fee)
        return self.fee


class Consumption(Record, frozen=True, kw_only=True):
    """One row of GetConsumption (3.64): a charge that is not a call; `money` is what was charged."""

    account: str
    money: Decimal
    balance_after: Decimal | None = field(default=None, name="customerMoney")
    kind: ChargeKind | None = field(default=None, name="type")
    consumption_name: int | str | None = None
    time: Millis

    @property
    def charged_at(self) -> datetime:
        return instant(self.time)
