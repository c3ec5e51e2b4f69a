"""Payments into accounts, and what was paid and charged before (manual 3.22, 3.46, 3.64)."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from msgspec import Raw, field
from msgspec.json import Decoder

from ..client import Body, Client
from ..codec import Answer, exact_number
from ..codes import Code
from ..endpoint import Json
from ..errors import UnknownOutcome
from ..expiry import Expiry
from ..field_types import Millis, Record, instant
from ..owner_types import account_owner
from ..ranges import time_in_parts
from ..rows import Listed, RowReader
from ..times import moments


class PayKind(Code):
    """The codes of `type` in a payment record."""

    TOP_UP = 0
    DEDUCTION = 1
    OPENING = 2
    ZEROING = 3


class PayMethod(Code):
    """The codes of `payType` in a payment record."""

    CASH = 0
    VOUCHER_CARD = 2
    OTHER = 5


class ChargeKind(Code):
    """The codes of `type` in a consumption record."""

    PACKAGE_RENT = 0
    PHONE_RENT = 1
    PHONE_MINIMUM = 2
    PACKAGE_MINIMUM = 3


class Paid(Record, frozen=True, kw_only=True):
    """What Pay (3.22) and PayByPhoneCard (3.58) answer when it is done."""

    account: str
    balance_after: Decimal | None = field(default=None, name="money")
    amount: Decimal = field(name="payMoney")
    valid_time: int | None = None

    @property
    def expiry(self) -> Expiry:
        return Expiry.of(self.valid_time)


class PayRecord(Record, frozen=True, kw_only=True):
    """A payment of the past. Rows have no id, and two equal ones can both be real.

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
    """A charge that is not a call; `money` is what was charged."""

    account: str
    money: Decimal
    balance_after: Decimal | None = field(default=None, name="customerMoney")
    kind: ChargeKind | None = field(default=None, name="type")
    consumption_name: int | str | None = None
    time: Millis

    @property
    def charged_at(self) -> datetime:
        return instant(self.time)


PAID = Decoder(Paid, strict=False)
PAY_RECORDS = RowReader(PayRecord, named_by="account")
CONSUMPTIONS = RowReader(Consumption, named_by="account")


def pay(client: Client, *, account: str, amount: Decimal, memo: str) -> Paid:
    """Credit an account, or debit it with a negative amount (3.22). Sent once, on a connection of its own.

    Returns only when the switch says that exactly this was done. `Unreachable` (also `Withheld`) and `Refused` are
    surely not done; `UnknownOutcome` is everything else. ValueError: it was not fit to be sent.
    """
    if not amount:
        raise ValueError("Nothing would be paid.")
    fields: dict[str, Json | Raw] = {**account_owner(account), "money": exact_number(amount), "memo": memo}
    return send_payment(client, "Pay", fields, account=account, amount=amount)


def send_payment(client: Client, operation: str, fields: Body, *, account: str, amount: Decimal) -> Paid:
    """Send an operation that pays, once, and believe it only where the answer states this account and this amount."""
    with client.write(operation, fields) as answer:
        return _confirmed(answer, account, amount)


def _confirmed(answer: Answer, account: str, amount: Decimal) -> Paid:
    paid = answer.result("infoPay", PAID)
    if paid is None:
        raise UnknownOutcome(answer.operation, "the switch does not say what was paid")
    if paid.amount != amount or paid.account != account:
        raise UnknownOutcome(answer.operation, "the switch says that something else was paid")
    return paid


def get_pay_history(
    client: Client, *, account: str | None = None, agent: str | None = None, begin: datetime, end: datetime
) -> Listed[PayRecord]:
    """Read the payments of an account, or of an agent's children, between two aware moments (3.46).

    The range is asked rather too wide than too narrow where the switch's clock is set back.
    """

    def ask(begin: datetime, end: datetime) -> Listed[PayRecord]:
        body = _history(client, account, agent, begin, end)
        return client.read_list("GetPayHistory", body, "infoPayHistorys", PAY_RECORDS)

    return time_in_parts(client.ranges, begin, end, ask)


def get_consumption(
    client: Client, *, account: str | None = None, agent: str | None = None, begin: datetime, end: datetime
) -> Listed[Consumption]:
    """Read the charges that are not calls, asked for as the payments are (3.64)."""

    def ask(begin: datetime, end: datetime) -> Listed[Consumption]:
        body = _history(client, account, agent, begin, end)
        return client.read_list("GetConsumption", body, "infoConsumptions", CONSUMPTIONS)

    return time_in_parts(client.ranges, begin, end, ask)


def _history(client: Client, account: str | None, agent: str | None, begin: datetime, end: datetime) -> dict[str, Json]:
    if account is None and agent is None:
        raise ValueError("Say whose history.")
    whose = {"account": account} if account is not None else {"agentAccount": agent}
    return {**whose, **moments(begin, end, client.endpoint.time_zone)}
