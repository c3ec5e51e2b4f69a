"""Call records (manual 3.47).

The operator's own routing (gateways, addresses, product ids) is read for `RoutedCdr` alone.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from msgspec import field

from ..cdr import read_records
from ..cdr_slow import UnreadableRecord
from ..client import Client
from ..codes import Code
from ..field_types import LARGEST_AMOUNT, LOWEST_AMOUNT, ZERO, Millis, Record, instant
from ..text import UNDECODABLE
from ..times import days

LONGEST_ROUTING = 200


class CallLevel(Code):
    ON_NET = 1
    LOCAL = 2
    DOMESTIC = 4
    INTERNATIONAL = 5


class EndDirection(Code):
    """The side that ended the call."""

    CALLER = 0
    CALLEE = 1
    SERVER = 2


class Cdr(Record, frozen=True, kw_only=True, gc=False):
    """A call record; `flow_no` is its identity on the switch.

    A call that was not answered may carry no `start`, or 0. Where clocks were set, `stop` may lie before `start`.
    `hold_time` are seconds talked, `fee_time` seconds billed, `fee` what the account pays. `agent_fee` is what the
    account's agent pays: never the customer's to see. Fields of the switch that the portal does not
    need are not read. `call_level` and `end_direction` are codes of `CallLevel` and `EndDirection`.
    """

    # In the manual's order: each name is looked for where the one before was found.
    caller: str = field(default="", name="callerE164")
    callee: str = field(default="", name="calleeE164")
    start: Millis = 0
    stop: Millis = 0
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
        """Return the text of a routing field: empty where the switch does not say, None for what cannot be read."""
        value = getattr(self, name)
        if value is None:
            return ""
        if not isinstance(value, str) or len(value) > LONGEST_ROUTING or UNDECODABLE in value:
            return None
        return value


def get_cdr(
    client: Client, *, accounts: Sequence[str], first: date, last: date, kind: type[Cdr] = Cdr
) -> Generator[Cdr | UnreadableRecord, None, None]:
    """Read call records of whole days of the switch's calendar, both included, while they arrive (3.47).

    `RoutedCdr` is the kind that holds the operator's routing too.
    They count only when the iterator ends without an error. Nothing is sent before the first is asked for; close
    the iterator when leaving it early.
    """
    if not accounts:
        raise ValueError("Say whose calls.")
    body = {"accounts": list(accounts), **days(first, last)}
    return client.stream("GetCdr", body, lambda pieces: read_records(pieces, kind))
