"""Payments and charges (manual 3.22, 3.46, 3.64)."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from simulator.owners import account_or_children, owner
from simulator.records import Account, Pay, PayKind, PayMethod
from simulator.refusals import BAD_REQUEST, Refusal
from simulator.registry import Body, Result, operation
from simulator.state import State

_SECOND_MS = 1000


def pay_answer(account: Account, amount: Decimal) -> Result:
    return {
        "infoPay": {
            "account": account.account,
            "money": account.money,
            "validTime": account.valid_time,
            "payMoney": amount,
        }
    }


@operation("Pay")
def pay(state: State, body: Body) -> Result:
    account = owner(state, body["ownerName"], body["ownerType"])
    amount: Decimal = body["money"]
    state.ledger.pay(
        account,
        amount,
        kind=PayKind.DEDUCTION if amount < 0 else PayKind.TOP_UP,
        method=PayMethod.OTHER,
        memo=body.get("memo", ""),
        at=state.clock.now(),
    )
    return pay_answer(account, amount)


@operation("GetPayHistory")
def get_pay_history(state: State, body: Body) -> Result:
    begin, end = _period(state, body)
    rows = [
        _pay_row(row, state.options.deduction_sign)
        for account in account_or_children(state, body.get("account"), body.get("agentAccount"))
        for row in state.ledger.pays[account.account]
        if begin <= row.at < end
    ]
    return {"infoPayHistorys": sorted(rows, key=lambda row: row["payTime"])}


def _pay_row(row: Pay, deduction_sign: int) -> Mapping[str, Any]:
    takes = row.kind in {PayKind.DEDUCTION, PayKind.ZEROING}
    return {
        "account": row.account,
        "fee": -row.effect if takes and deduction_sign > 0 else row.effect,
        "type": int(row.kind),
        "payType": int(row.method),
        "customerMoney": row.money_after,
        "payTime": row.at,
        "memo": row.memo,
    }


@operation("GetConsumption")
def get_consumption(state: State, body: Body) -> Result:
    begin, end = _period(state, body)
    rows = [
        {
            "account": row.account,
            "money": row.money,
            "customerMoney": row.money_after,
            "type": int(row.kind),
            "consumptionName": row.name,
            "time": row.at,
        }
        for account in account_or_children(state, body.get("account"), body.get("agentAccount"))
        for row in state.ledger.charges[account.account]
        if begin <= row.at < end
    ]
    return {"infoConsumptions": sorted(rows, key=lambda row: row["time"])}


def _period(state: State, body: Body) -> tuple[int, int]:
    """Read the period asked for, in whole seconds; both ends belong to it."""
    try:
        return state.clock.instant(body["beginTime"]), state.clock.instant(body["endTime"]) + _SECOND_MS
    except ValueError as error:
        raise Refusal(BAD_REQUEST, "The time is not yyyyMMddHHmmss.") from error
