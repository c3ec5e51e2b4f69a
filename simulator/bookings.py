"""Does on the ledger what the control interface asks for. The caller holds the switch's lock."""

from collections.abc import Mapping
from decimal import Decimal
from http import HTTPStatus
from typing import Any

import msgspec

from simulator.control_orders import CallOrder, ChargeOrder, Event, MoneyOrder, PayOrder
from simulator.records import Account, Call, PayKind
from simulator.state import State

_WIRE_TO_FIELD = {info.encode_name: info for info in msgspec.structs.fields(Call)}


class ControlError(Exception):
    def __init__(self, status: HTTPStatus, text: str) -> None:
        super().__init__(text)
        self.status = status


def found(state: State, account: str) -> Account:
    held = state.ledger.accounts.get(account)
    if held is None:
        raise ControlError(HTTPStatus.NOT_FOUND, f"no account {account}")
    return held


def happen(state: State, event: Event) -> int | None:
    """Do what the event says; return the flow number when it is a call."""
    if event.pay is not None:
        book_pay(state, event.pay)
    if event.charge is not None:
        book_charge(state, event.charge)
    if event.money is not None:
        set_money(state, event.money)
    return None if event.call is None else record_call(state, event.call)


def book_pay(state: State, order: PayOrder) -> Decimal:
    """Book it and return the balance that its row states."""
    account, ledger = found(state, order.account), state.ledger
    row = ledger.pay(
        account,
        order.amount,
        kind=PayKind.DEDUCTION if order.amount < 0 else PayKind.TOP_UP,
        method=order.pay_type,
        memo=order.memo,
        at=order.at or state.clock.now(),
    )
    if order.customer_money is None:
        return row.money_after
    account.money -= order.amount
    ledger.pays[account.account][-1] = msgspec.structs.replace(row, money_after=order.customer_money)
    return order.customer_money


def book_charge(state: State, order: ChargeOrder) -> Decimal:
    """Book it and return the balance that its row states."""
    at = order.at or state.clock.now()
    account = found(state, order.account)
    return state.ledger.charge(account, order.amount, kind=order.type, at=at, name=order.name).money_after


def set_money(state: State, order: MoneyOrder) -> None:
    """Set the balance as an operator would by hand: no row explains it."""
    found(state, order.account).money = order.money


def record_call(state: State, order: CallOrder) -> int:
    """Add a call record and return its flow number."""
    account = found(state, order.account)
    agent = state.ledger.accounts.get(account.agent)
    call = Call(
        caller_e164=order.caller,
        callee_e164=order.callee,
        start=order.start,
        stop=order.start + order.seconds * 1000,
        hold_time=order.seconds,
        account=account.account,
        account_name=account.name,
        agent_account=account.agent,
        agent_name=agent.name if agent else "",
        flow_no=state.ledger.new_flow(),
        fee=order.fee,
        fee_time=order.seconds,
        agent_fee=order.agent_fee,
    )
    call = msgspec.structs.replace(call, **changes_of(order.fields))
    state.ledger.record(call, silent=order.silent)
    return call.flow_no


def changes_of(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Turn fields by their wire names into the record's own, of the record's types. Raises on an unknown one."""
    changes = {}
    for name, value in fields.items():
        info = _WIRE_TO_FIELD.get(name)
        if info is None:
            raise ControlError(HTTPStatus.BAD_REQUEST, f"no field {name}")
        changes[info.name] = msgspec.convert(value, type=info.type, strict=False)
    return changes
