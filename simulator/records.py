"""The rows of the ledger. They never change once written; an edited call is another row with the same flow number."""

from dataclasses import dataclass, field
from decimal import Decimal
from enum import IntEnum
from typing import Any

import msgspec

ZERO = Decimal(0)
NO_LIMIT = 2147483647
NEVER = 9223372036854775807


class PayKind(IntEnum):
    TOP_UP = 0
    DEDUCTION = 1
    OPENING = 2
    ZEROING = 3


class PayMethod(IntEnum):
    CASH = 0
    VOUCHER = 2
    OTHER = 5


class ChargeKind(IntEnum):
    PACKAGE_RENT = 0
    PHONE_RENT = 1
    PHONE_MINIMUM = 2
    PACKAGE_MINIMUM = 3


class CallLevel(IntEnum):
    ON_NET = 1
    LOCAL = 2
    DOMESTIC = 4
    INTERNATIONAL = 5


@dataclass(slots=True)
class Account:
    account: str
    name: str
    money: Decimal = ZERO
    opening: Decimal = ZERO
    limit_money: Decimal = ZERO
    rate_group: str = ""
    type: int = 0
    lock_type: int = 0
    agent: str = ""
    phone_book_limit: int = NO_LIMIT
    canceled: bool = False
    start_time: int = 0
    valid_time: int = NEVER
    ctd_billing_type: int = 0
    category: int = 0
    memo: str = ""
    additional: dict[str, Any] = field(default_factory=dict)


class Pay(msgspec.Struct, frozen=True):
    """A payment: `effect` is what the row did to the balance, `money_after` the balance it left."""

    account: str
    effect: Decimal
    kind: PayKind
    method: PayMethod
    money_after: Decimal
    at: int
    memo: str


class Charge(msgspec.Struct, frozen=True):
    account: str
    money: Decimal
    kind: ChargeKind
    money_after: Decimal
    at: int
    name: int


class Call(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """One call record, under the contract's names on the wire."""

    caller_e164: str = msgspec.field(name="callerE164")
    callee_e164: str = msgspec.field(name="calleeE164")
    start: int
    stop: int
    hold_time: int
    account: str
    flow_no: int
    caller_access_e164: str = msgspec.field(name="callerAccessE164", default="")
    caller_product_id: str = ""
    caller_to_gateway_e164: str = msgspec.field(name="callerToGatewayE164", default="")
    caller_gateway: str = ""
    caller_ip: str = msgspec.field(name="callerip", default="")
    callee_access_e164: str = msgspec.field(name="calleeAccessE164", default="")
    callee_product_id: str = ""
    callee_to_gateway_e164: str = msgspec.field(name="calleeToGatewayE164", default="")
    callee_gateway: str = ""
    callee_ip: str = msgspec.field(name="calleeip", default="")
    fee_time: int = 0
    fee: Decimal = ZERO
    fee_prefix: str = ""
    suite_fee: Decimal = ZERO
    suite_fee_time: int = 0
    agent_fee: Decimal = ZERO
    agent_fee_time: int = 0
    agent_fee_prefix: str = ""
    agent_suite_fee: Decimal = ZERO
    agent_suite_fee_time: int = 0
    call_level: int = CallLevel.INTERNATIONAL
    account_name: str = ""
    agent_account: str = ""
    agent_name: str = ""
    end_direction: int = 0
    end_reason: int = 16
    callee_billing: int = 0
    billing_mode: int = 0


class PhoneCard(msgspec.Struct, frozen=True):
    """A voucher; `used_at` and `used_by` are None until it has paid."""

    pin: str
    password: str
    money: Decimal
    expires: int
    rate_group: str = ""
    agent: str = ""
    memo: str = ""
    used_at: int | None = None
    used_by: str | None = None
