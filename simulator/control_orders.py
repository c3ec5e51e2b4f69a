"""The bodies of the requests to the control interface: what it is told to do."""

from decimal import Decimal
from typing import Any

import msgspec

from simulator.records import ZERO, ChargeKind, PayMethod


class Reset(msgspec.Struct):
    seed: int | None = None


class Pause(msgspec.Struct):
    paused: bool


class ClockOffset(msgspec.Struct):
    offset_seconds: float


class PayOrder(msgspec.Struct, rename="camel"):
    """A payment to book. With `customer_money` it comes late: it states that balance of its instant, and moves none."""

    account: str
    amount: Decimal
    memo: str = ""
    pay_type: PayMethod = PayMethod.CASH
    at: int | None = None
    customer_money: Decimal | None = None


class CardOrder(msgspec.Struct):
    pin: str
    password: str
    money: Decimal


class ChargeOrder(msgspec.Struct):
    account: str
    amount: Decimal
    type: ChargeKind = ChargeKind.PACKAGE_RENT
    name: int = 0
    at: int | None = None


class MoneyOrder(msgspec.Struct):
    account: str
    money: Decimal


class CallOrder(msgspec.Struct, rename="camel"):
    """A call record to add; `fields` sets any other field by its name on the wire. `silent`: it was billed before."""

    account: str
    callee: str
    start: int
    seconds: int = 60
    fee: Decimal = ZERO
    caller: str = "442079460999"
    agent_fee: Decimal = ZERO
    silent: bool = False
    fields: dict[str, Any] = msgspec.field(default_factory=dict)


class CallEdit(msgspec.Struct, rename="camel"):
    """What to change of a call record: `fields` by their names on the wire; `fee` and `agentFee` may be given too."""

    flow_no: int
    fee: Decimal | None = None
    agent_fee: Decimal | None = None
    silent: bool = False
    fields: dict[str, Any] = msgspec.field(default_factory=dict)


class CallRemoval(msgspec.Struct, rename="camel"):
    flow_no: int
    silent: bool = False


class Event(msgspec.Struct, omit_defaults=True):
    """One event of a history: of its fields the one that is given."""

    call: CallOrder | None = None
    pay: PayOrder | None = None
    charge: ChargeOrder | None = None
    money: MoneyOrder | None = None


class History(msgspec.Struct):
    """Events in the order in which the switch booked them."""

    events: list[Event]


class FloodOrder(msgspec.Struct):
    account: str
    day: str
    calls: int = 1_000_000
    seed: int = 1
