"""Packages, orders of them, and what is left of them (manual 3.23 to 3.31)."""

from datetime import datetime
from typing import Any

from simulator.owners import owner
from simulator.records import NEVER, ZERO
from simulator.refusals import not_found
from simulator.registry import Body, Result, operation
from simulator.resources import Resource, register
from simulator.state import State
from simulator.tables import Row

_CURRENT_OFFSET = 10_000  # a current package's id, told from its order's

register(Resource("Suite", "id", {"ids": "id"}, numbered=True))


@operation("CreateSuiteOrder")
def create_suite_order(state: State, body: Body) -> Result:
    if body["suiteId"] not in state.tables.of("Suite"):
        raise not_found()
    account = owner(state, body["ownerName"], body["ownerType"])
    number = state.tables.new_id()
    state.tables.of("SuiteOrder")[number] = {
        "expireTime": NEVER,
        **body,
        "id": number,
        "ownerName": account.account,
        "ownerType": 2,
    }
    return {"id": number}


@operation("ModifySuiteOrder")
def modify_suite_order(state: State, body: Body) -> Result:
    orders = state.tables.of("SuiteOrder")
    if body["id"] not in orders:
        raise not_found()
    orders[body["id"]] = {**orders[body["id"]], **body}
    return {}


@operation("DeleteSuiteOrder")
def delete_suite_order(state: State, body: Body) -> Result:
    return _drop_order(state, body["id"])


@operation("DeleteCurrentSuite")
def delete_current_suite(state: State, body: Body) -> Result:
    return _drop_order(state, body["id"] - _CURRENT_OFFSET)


def _drop_order(state: State, number: int) -> Result:
    if state.tables.of("SuiteOrder").pop(number, None) is None:
        raise not_found()
    return {}


def _orders(state: State, body: Body) -> list[Row]:
    account = owner(state, body["ownerName"], body["ownerType"]).account
    return [row for row in state.tables.of("SuiteOrder").values() if row["ownerName"] == account]


@operation("GetSuiteOrder")
def get_suite_order(state: State, body: Body) -> Result:
    return {"infoSuiteOrders": _orders(state, body)}


@operation("GetCurrentSuite")
def get_current_suite(state: State, body: Body) -> Result:
    now = state.clock.now()
    begun = [row for row in _orders(state, body) if row["availableTime"] <= now < row["expireTime"]]
    return {"infoCurrentSuites": [_current(state, row) for row in begun]}


def _current(state: State, order: Row) -> dict[str, Any]:
    """Show what is left of an order this month: giftTime holds the seconds that a gift still has."""
    package = state.tables.of("Suite").get(order["suiteId"], {})
    month = state.clock.today().strftime("%Y%m")
    used = state.used_package_seconds.get((order["ownerName"], month), 0)
    gifts = [{**gift, "giftTime": max(0, gift["giftTime"] - used)} for gift in package.get("infoGiftTimes", ())]
    return {
        **package,
        "id": order["id"] + _CURRENT_OFFSET,
        "suiteId": order["suiteId"],
        "suiteOrderId": order["id"],
        "expireTime": min(order["expireTime"], _next_month(state)),
        "currentConsumption": _spent_this_month(state, order["ownerName"]),
        "infoGiftTimes": gifts,
    }


def _month_start(state: State) -> int:
    return state.clock.day_start(state.clock.today().replace(day=1))


def _next_month(state: State) -> int:
    today = state.clock.today()
    year, month = (today.year + 1, 1) if today.month == 12 else (today.year, today.month + 1)
    return int(datetime(year, month, 1, tzinfo=state.clock.zone).timestamp() * 1000)


def _spent_this_month(state: State, account: str) -> Any:
    calls = state.ledger.stopped_between(account, _month_start(state), state.clock.now() + 1)
    return sum((call.fee for call in calls), ZERO)
