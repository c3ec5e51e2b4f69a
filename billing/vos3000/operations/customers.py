"""Accounts: finding, opening and changing them (manual 3.1, 3.2, 3.4, 3.65)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from msgspec import Raw, field

from ..client import Client
from ..codec import exact_number
from ..codes import Code
from ..endpoint import Json
from ..expiry import Expiry
from ..field_types import Millis, Record, instant
from ..rows import Listed, RowReader

NO_LIMIT = 2147483647


class CustomerType(Code):
    ORDINARY = 0
    PHONE_CARD = 1
    SETTLEMENT = 2


class Category(Code):
    CUSTOMER = 0
    AGENT = 1


class LockType(Code):
    OPEN = 0
    LOCKED = 1


class CustomerBrief(Record, frozen=True, kw_only=True):
    """The balance of an account; `limit_money` is the overdraft allowed below zero."""

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
    """The profile of an account. None: this build does not say. `agent_account` is empty for no agent."""

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


CUSTOMERS = RowReader(Customer, named_by="account")
BRIEFS = RowReader(CustomerBrief, named_by="account")


def get_customers(
    client: Client,
    *,
    accounts: Sequence[str] = (),
    e164s: Sequence[str] = (),
    agent: str | None = None,
    direct_children_only: bool = False,
) -> Listed[Customer]:
    """Read the profiles of these accounts, of the owners of these numbers, or of an agent's children (3.4).

    What is not found is missing from the list, and so is an account that was cancelled: no other operation finds it.
    """
    body: dict[str, Json] = {}
    if accounts:
        body["accounts"] = list(accounts)
    if e164s:
        body["e164s"] = list(e164s)
    if agent is not None:
        mode = int(direct_children_only)
        body["filterAgentAccount"] = {"filterAgentAccount": agent, "querySonMode": mode}
    if not body:
        raise ValueError("Say which customers.")
    listed = client.read_list("GetCustomer", body, "infoCustomers", CUSTOMERS)
    return Listed((customer for customer in listed if not customer.canceled), listed.unreadable)


def get_all_customers(client: Client) -> Listed[CustomerBrief]:
    """Read the balance and the overdraft of every account of the switch in one request (3.65)."""
    return client.read_list("GetAllCustomers", {"type": 1}, "infoCustomerBriefs", BRIEFS)


def create_customer(
    client: Client, *, account: str, name: str, agent: str, overdraft: Decimal, rate_group: str = "", memo: str = ""
) -> None:
    """Open an account below an agent, without an expiry and not locked (3.1). The request is sent once.

    Without a rate group the switch chooses one. The memo comes back in GetCustomer: a mark of who opened the account.
    """
    fields: dict[str, Json | Raw] = {
        "account": account,
        "name": name,
        "agentAccount": agent,
        "limitMoney": exact_number(overdraft),
        "lockType": int(LockType.OPEN),
        "memo": memo,
    }
    if rate_group:
        fields["feeRateGroup"] = rate_group
    with client.write("CreateCustomer", fields):
        pass


def modify_customer(
    client: Client, *, account: str, lock_type: LockType | None = None, overdraft: Decimal | None = None
) -> None:
    """Change these fields of an account alone (3.2). The request is sent once.

    The values are absolute, so doing it twice is doing it once. The manual says that what is left out stays; a caller
    that must be sure reads the account again.
    """
    fields: dict[str, Json | Raw] = {"account": account}
    if lock_type is not None:
        fields["lockType"] = int(lock_type)
    if overdraft is not None:
        fields["limitMoney"] = exact_number(overdraft)
    if len(fields) == 1:
        raise ValueError("Nothing would be changed.")
    with client.write("ModifyCustomer", fields):
        pass
