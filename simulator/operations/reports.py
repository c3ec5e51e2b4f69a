"""Reports, computed from the call records (manual 3.48 to 3.50)."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from simulator.cdr import floods_between
from simulator.clock import DAY
from simulator.counting import Counting
from simulator.flood import Flood
from simulator.operations.calls import read_days
from simulator.owners import account_named, known_accounts
from simulator.records import ZERO, Account, Call, CallLevel
from simulator.refusals import BAD_REQUEST, Refusal
from simulator.registry import Body, Result, operation
from simulator.state import State

_DAILY = 1
_MONTHLY = -2
_LEVELS = {
    CallLevel.ON_NET: "net",
    CallLevel.LOCAL: "local",
    CallLevel.DOMESTIC: "domestic",
    CallLevel.INTERNATIONAL: "international",
}


@dataclass
class Sum:
    count: int = 0
    fee: Decimal = ZERO
    seconds: int = 0
    suite_fee: Decimal = ZERO
    suite_seconds: int = 0

    def add(self, call: Call) -> None:
        self.count += 1
        self.fee += call.fee
        self.seconds += call.fee_time
        self.suite_fee += call.suite_fee
        self.suite_seconds += call.suite_fee_time

    def add_flood(self, flood: Flood) -> None:
        totals = flood.totals()
        self.count += totals.count
        self.fee += totals.fee
        self.seconds += totals.fee_time


@dataclass
class Totals:
    whole: Sum = field(default_factory=Sum)
    levels: dict[int, Sum] = field(default_factory=lambda: {level: Sum() for level in _LEVELS})

    @classmethod
    def of(cls, calls: Iterable[Call], floods: Iterable[Flood] = ()) -> "Totals":
        totals = cls()
        for call in calls:
            totals.whole.add(call)
            totals.levels[call.call_level].add(call)
        for flood in floods:
            totals.whole.add_flood(flood)
            totals.levels[CallLevel.INTERNATIONAL].add_flood(flood)
        return totals

    def summary(self, counting: Counting) -> dict[str, Any]:
        return {
            "cdrCount": self.whole.count,
            "totalFee": counting.rounded(self.whole.fee),
            "totalTime": self.whole.seconds,
            "totalSuiteFee": self.whole.suite_fee,
            "totalSuiteFeeTime": self.whole.suite_seconds,
        }

    def by_level(self) -> dict[str, Any]:
        row: dict[str, Any] = {}
        for level, name in _LEVELS.items():
            part = self.levels[level]
            row |= {f"{name}Fee": part.fee, f"{name}Time": part.seconds, f"{name}Count": part.count}
        return row


def _periods(body: Body) -> Iterator[tuple[date, date]]:
    """List the first and last day of each period that the days asked for touch."""
    first, last = read_days(body)
    period = body["period"]
    if period not in {_DAILY, _MONTHLY}:
        raise Refusal(BAD_REQUEST, "The period is unknown.")
    while first <= last:
        end = first if period == _DAILY else min(last, _month_end(first))
        yield first, end
        first = end + DAY


def _month_end(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1) - DAY


def _calls(state: State, account: Account, days: tuple[date, date]) -> Iterable[Call]:
    bounds = state.counting.bounds(state.clock, account.account, days)
    return state.counting.reported(state.ledger, account.account, *bounds)


def _head(state: State, account: Account, days: tuple[date, date]) -> Mapping[str, Any]:
    begin, end = state.counting.stated(state.clock, account.account, days)
    return {
        "beginTime": begin,
        "endTime": end,
        "account": account.account,
        "accountName": account.name,
        "agentAccount": account.agent,
    }


@operation("GetReportCustomerFee")
def get_report_customer_fee(state: State, body: Body) -> Result:
    rows = []
    accounts = known_accounts(state, body["accounts"])
    for days in _periods(body):
        for account in accounts:
            bounds = state.counting.bounds(state.clock, account.account, days)
            totals = Totals.of(_calls(state, account, days), floods_between(state.ledger, account.account, *bounds))
            if totals.whole.count:
                rows.append({**_head(state, account, days), **totals.summary(state.counting), **totals.by_level()})
    return {"infoReportCustomerFees": rows}


@operation("GetReportPhoneFee")
def get_report_phone_fee(state: State, body: Body) -> Result:
    account = account_named(state, body["account"])
    wanted = set(body.get("e164s", ()))
    rows = []
    for days in _periods(body):
        by_phone: dict[str, list[Call]] = {}
        for call in _calls(state, account, days):
            if not wanted or call.caller_e164 in wanted:
                by_phone.setdefault(call.caller_e164, []).append(call)
        for number, calls in sorted(by_phone.items()):
            totals = Totals.of(calls)
            head = {**_head(state, account, days), "e164": number}
            rows.append({**head, **totals.summary(state.counting), **totals.by_level()})
    return {"infoReportPhoneFees": rows}


@operation("GetReportCustomerLocationFee")
def get_report_customer_location_fee(state: State, body: Body) -> Result:
    account = account_named(state, body["account"])
    rows = []
    for days in _periods(body):
        areas = _by_area(state, account, _calls(state, account, days))
        for (code, name), calls in sorted(areas.items()):
            if code.startswith(body.get("areaCode", "")):
                area = {"areaCode": code, "areaName": name}
                rows.append({**_head(state, account, days), **area, **Totals.of(calls).summary(state.counting)})
    return {"infoReportCustomerLocationFees": rows}


def _by_area(state: State, account: Account, calls: Iterable[Call]) -> dict[tuple[str, str], list[Call]]:
    table = state.rates.get(account.rate_group)
    areas: dict[tuple[str, str], list[Call]] = {}
    for call in calls:
        rate = table.by_prefix.get(call.fee_prefix) if table else None
        place = (rate.area_code, rate.area_name) if rate else ("", "")
        areas.setdefault(place, []).append(call)
    return areas
