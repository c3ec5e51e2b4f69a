"""Accounts (manual 3.1 to 3.4, 3.65)."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from simulator.owners import account_named
from simulator.records import NEVER, ZERO, Account, PayKind, PayMethod
from simulator.refusals import EXISTS, NOT_ALLOWED, Refusal, not_found
from simulator.registry import Body, Result, operation
from simulator.state import State

_ALL_DESCENDANTS = 0
_ATTRIBUTES = {
    "name": "name",
    "limitMoney": "limit_money",
    "feeRateGroup": "rate_group",
    "type": "type",
    "lockType": "lock_type",
    "agentAccount": "agent",
    "phoneBookLimit": "phone_book_limit",
    "validTime": "valid_time",
    "ctdBillingType": "ctd_billing_type",
    "memo": "memo",
}


def customer_row(state: State, account: Account) -> Mapping[str, Any]:
    begin = state.clock.day_start(state.clock.today())
    bound = state.tables.of("BindedE164").values()
    return {
        **{wire: getattr(account, attribute) for wire, attribute in _ATTRIBUTES.items()},
        "account": account.account,
        "money": account.money,
        "canceled": account.canceled,
        "startTime": account.start_time,
        "todayConsumption": state.ledger.spent_between(account.account, begin, state.clock.now() + 1),
        "category": account.category,
        "bindedE164s": [row["e164"] for row in bound if row.get("account") == account.account],
        "infoCustomerAdditional": account.additional,
    }


@operation("GetCustomer")
def get_customer(state: State, body: Body) -> Result:
    found = _selected(state, body)
    if body.get("type") is not None:
        found = [account for account in found if account.type == body["type"]]
    return {"infoCustomers": [customer_row(state, account) for account in found]}


def _selected(state: State, body: Body) -> list[Account]:
    ledger = state.ledger
    chosen = body.get("filterAgentAccount")
    names = list(body.get("accounts", ()))
    phones = state.tables.of("Phone")
    names += [phones[number]["account"] for number in body.get("e164s", ()) if number in phones]
    if chosen:
        agent = account_named(state, chosen["filterAgentAccount"]).account
        every = chosen["querySonMode"] == _ALL_DESCENDANTS
        return ledger.descendants(agent) if every else ledger.children(agent)
    if "accounts" not in body and "e164s" not in body:
        return ledger.living()
    found = [ledger.accounts[name] for name in dict.fromkeys(names) if name in ledger.accounts]
    if not found:
        raise not_found()
    return found


@operation("GetAllCustomers")
def get_all_customers(state: State, body: Body) -> Result:
    living = state.ledger.living()
    if body.get("type", 0) == 0:
        return {"accounts": [account.account for account in living]}
    return {
        "infoCustomerBriefs": [
            {"account": each.account, "money": each.money, "limitMoney": each.limit_money} for each in living
        ]
    }


@operation("CreateCustomer")
def create_customer(state: State, body: Body) -> Result:
    if body["account"] in state.ledger.accounts:
        raise Refusal(EXISTS, "The account exists.")
    account = Account(account=body["account"], name=body["name"], start_time=state.clock.now(), valid_time=NEVER)
    _apply(state, account, body)
    state.ledger.open(account)
    money: Decimal = body.get("money", ZERO)
    if money:
        at = state.clock.now()
        state.ledger.pay(account, money, kind=PayKind.OPENING, method=PayMethod.OTHER, memo="", at=at)
    return {}


@operation("ModifyCustomer")
def modify_customer(state: State, body: Body) -> Result:
    _apply(state, account_named(state, body["account"]), body)
    return {}


def _apply(state: State, account: Account, body: Body) -> None:
    agent = body.get("agentAccount")
    if agent:
        above = account_named(state, agent)
        below = {account.account, *(each.account for each in state.ledger.descendants(account.account))}
        if above.account in below:
            raise Refusal(NOT_ALLOWED, "An account cannot be below itself.")
        above.category = 1
    for wire, attribute in _ATTRIBUTES.items():
        if wire in body:
            setattr(account, attribute, body[wire])
    account.additional = {**account.additional, **body.get("infoCustomerAdditional", {})}


@operation("DeleteCustomer")
def delete_customer(state: State, body: Body) -> Result:
    """Delete an account. What is left on it is zeroed; its rows and records stay readable under its name."""
    account = account_named(state, body["account"])
    if state.ledger.children(account.account):
        raise Refusal(NOT_ALLOWED, "The account has children.")
    at = state.clock.now()
    state.ledger.pay(account, -account.money, kind=PayKind.ZEROING, method=PayMethod.OTHER, memo="", at=at)
    account.canceled = True
    return {}
