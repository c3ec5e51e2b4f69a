"""Calls as the switch tells of them: each by itself, and those of an account and a period in sum.

The operator's own routing (gateways, addresses, product ids) is read for `RoutedCdr` alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

from msgspec import field

from .record import LARGEST_AMOUNT, LOWEST_AMOUNT, ZERO, Millis, Record, instant
from .text import UNDECODABLE

LONGEST_ROUTING = 200


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
