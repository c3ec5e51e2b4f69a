"""Rate groups, their rates, and how long a call could last (manual 3.40 to 3.44, 3.62, 3.63)."""

from collections.abc import Mapping
from enum import IntEnum
from typing import Any

from simulator.rates import Rate, rate_of
from simulator.records import Account
from simulator.refusals import not_found
from simulator.registry import Body, Result, operation
from simulator.resources import Resource, register
from simulator.state import State

register(Resource("FeeRateGroup", "name", {"names": "name"}))


class Cannot(IntEnum):
    """Why nothing can be called now, given in place of the seconds that could be talked. The numbers are ours."""

    NO_MONEY = -1
    LOCKED = -2
    NO_RATE = -3
    EXPIRED = -4


@operation("GetFeeRate")
def get_fee_rate(state: State, body: Body) -> Result:
    table = state.rates.get(body["feeRateGroup"])
    if table is None:
        if body["feeRateGroup"] not in state.tables.of("FeeRateGroup"):
            raise not_found()
        return {"infoFeeRates": []}
    codes = body.get("areaCodes")
    rates = [rate for rate in table.by_prefix.values() if not codes or rate.area_code in codes]
    return {"infoFeeRates": [_rate_row(rate) for rate in sorted(rates, key=lambda rate: rate.prefix)]}


def _rate_row(rate: Rate) -> Mapping[str, Any]:
    return {
        "feePrefix": rate.prefix,
        "areaCode": rate.area_code,
        "type": int(rate.level),
        "areaName": rate.area_name,
        "infoFeeRateSections": [
            {"fee": section.fee, "time": section.seconds, "position": position}
            for position, section in enumerate(rate.sections)
        ],
        "fee": rate.fee,
        "period": rate.period,
        "lockType": int(rate.locked),
    }


def seconds_left(state: State, account: Account, callee: str) -> int:
    if account.lock_type:
        return Cannot.LOCKED
    if account.valid_time and account.valid_time < state.clock.now():
        return Cannot.EXPIRED
    rate = rate_of(state.rates, account.rate_group, callee)
    if rate is None or rate.locked:
        return Cannot.NO_RATE
    seconds = rate.affordable_seconds(account.money + account.limit_money)
    return seconds or Cannot.NO_MONEY


def _caller(state: State, name: str) -> Account:
    """Find an account, or the account of a phone, bound number, active card or mapping gateway."""
    tables = state.tables
    for resource in ("Phone", "BindedE164", "ActivePhoneCard", "GatewayMapping"):
        row = tables.of(resource).get(name)
        if row is not None:
            name = row.get("account", "")
            break
    account = state.ledger.find(name)
    if account is None:
        raise not_found()
    return account


def _available(state: State, name: str, callee: str) -> dict[str, Any]:
    account = _caller(state, name)
    return {
        "account": account.account,
        "accountName": account.name,
        "accountMoney": account.money,
        "timeRemain": int(seconds_left(state, account, callee)),
    }


@operation("GetAvailableTime")
def get_available_time(state: State, body: Body) -> Result:
    return {"InfoAvailableTime": _available(state, body["billingName"], body["calleeE164"])}


@operation("GetIvrSecondAvailableTime")
def get_ivr_second_available_time(state: State, body: Body) -> Result:
    return {"infoIvrSecondAvailableTime": _available(state, body["billingNumber"], body["calleeE164"])}
