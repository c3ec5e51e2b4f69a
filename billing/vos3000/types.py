"""What the switch tells, typed. Money is Decimal in the switch's currency, durations are seconds, instants are UTC.

Attributes are the wire's names in snake case; fields in milliseconds have a property that gives the instant.
The operator's own routing (gateways, addresses, product ids) is read for `RoutedCdr` alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from enum import Enum
from functools import cache
from typing import Annotated, Self, get_type_hints
from zoneinfo import ZoneInfo

from msgspec import Meta, Struct, field

from .codes import (
    Category,
    ChargeKind,
    CustomerType,
    LockType,
    PayKind,
    PayMethod,
)
from .text import UNDECODABLE

NO_LIMIT = 2147483647
# How several prefixes are kept apart in one text; what the vendor uses is not published.
PREFIX_ENDS = re.compile(r"[,;|\s]+")
ZERO = Decimal(0)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# Up to the last year but one that a datetime can hold, so that a change of zone never overflows.
LAST_MILLIS = 253339228799999
Millis = Annotated[int, Meta(ge=0, le=LAST_MILLIS)]

LONGEST_ROUTING = 200

# A Java double's own range: what lies outside was never printed by one.
LARGEST_AMOUNT = Decimal("1E400")
LOWEST_AMOUNT = -LARGEST_AMOUNT


def instant(millis: int) -> datetime:
    return EPOCH + timedelta(milliseconds=millis)


@cache
def _decimal_fields(record: type[Struct]) -> tuple[str, ...]:
    return tuple(name for name, hint in get_type_hints(record).items() if hint in (Decimal, Decimal | None))


def _is_sound(amount: Decimal) -> bool:
    try:
        return LOWEST_AMOUNT < amount < LARGEST_AMOUNT
    except InvalidOperation:  # not a number
        return False


class Record(Struct, frozen=True, kw_only=True, rename="camel"):
    def __post_init__(self) -> None:
        for name in _decimal_fields(type(self)):
            amount = getattr(self, name)
            if amount is not None and not _is_sound(amount):
                raise ValueError(f"{name} is not an amount")


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


class Cdr(Record, frozen=True, kw_only=True, gc=False):
    """One call record of GetCdr (3.47); `flow_no` is its identity on the switch.

    `hold_time` are seconds talked, `fee_time` seconds billed, `fee` what the account pays. `agent_fee` is what the
    account's agent pays: never the customer's to see. What nobody needs of the switch's fields is not read.
    `call_level` and `end_direction` are codes of `CallLevel` and `EndDirection`.
    """

    # In the manual's order: each name is looked for where the one before was found.
    caller: str = field(default="", name="callerE164")
    callee: str = field(default="", name="calleeE164")
    start: Millis
    stop: Millis
    hold_time: int = 0
    fee_time: int = 0
    fee: Decimal
    fee_prefix: str = ""
    suite_fee: Decimal = ZERO
    suite_fee_time: int = 0
    agent_fee: Decimal = ZERO
    call_level: int | None = None
    account: str
    agent_account: str = ""
    end_direction: int | None = None
    end_reason: int | None = None
    callee_billing: int | None = None
    billing_mode: int | None = None
    flow_no: int

    def __post_init__(self) -> None:
        # Without a loop or a call: this runs for each of millions of records.
        try:
            if (
                LOWEST_AMOUNT < self.fee < LARGEST_AMOUNT
                and (not self.suite_fee or LOWEST_AMOUNT < self.suite_fee < LARGEST_AMOUNT)
                and (not self.agent_fee or LOWEST_AMOUNT < self.agent_fee < LARGEST_AMOUNT)
            ):
                return
        except InvalidOperation:
            pass
        super().__post_init__()

    @property
    def started_at(self) -> datetime:
        return instant(self.start)

    @property
    def stopped_at(self) -> datetime:
        return instant(self.stop)


class RoutedCdr(Cdr, frozen=True, kw_only=True, gc=False):
    """A call record with the operator's own routing: never the customer's to see, nor the agent's.

    Whatever stands in these fields, the record can be read; `routed` is their text.
    """

    caller_access_e164: object = None
    caller_product_id: object = None
    caller_to_gateway_e164: object = None
    caller_gateway: object = None
    caller_ip: object = field(default=None, name="callerip")
    callee_access_e164: object = None
    callee_product_id: object = None
    callee_to_gateway_e164: object = None
    callee_gateway: object = None
    callee_ip: object = field(default=None, name="calleeip")

    def routed(self, name: str) -> str | None:
        """Empty where the switch does not say, None for what cannot be read."""
        value = getattr(self, name)
        if value is None:
            return ""
        if not isinstance(value, str) or len(value) > LONGEST_ROUTING or UNDECODABLE in value:
            return None
        return value


@dataclass(frozen=True, slots=True)
class UnreadableRecord:
    """A call record that is there but cannot be read.

    `excerpt` shows the start of the fields that call records may have for customers, nothing else.
    """

    reason: str
    excerpt: str


class CustomerFee(Record, frozen=True, kw_only=True):
    """One row of GetReportCustomerFee (3.48): an account's calls of one period, summed by the switch."""

    account: str
    account_name: str = ""
    begin_time: Millis
    end_time: Millis | None = None
    cdr_count: int
    total_fee: Decimal
    total_time: int = 0
    total_suite_fee: Decimal = ZERO
    total_suite_fee_time: int = 0
    net_fee: Decimal = ZERO
    net_time: int = 0
    net_count: int = 0
    local_fee: Decimal = ZERO
    local_time: int = 0
    local_count: int = 0
    domestic_fee: Decimal = ZERO
    domestic_time: int = 0
    domestic_count: int = 0
    international_fee: Decimal = ZERO
    international_time: int = 0
    international_count: int = 0

    def first_day(self, zone: ZoneInfo) -> date:
        """The first day of the period in the calendar of the switch, whose zone is given."""
        return instant(self.begin_time).astimezone(zone).date()
