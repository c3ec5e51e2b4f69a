"""Call records (manual 3.47, 3.51)."""

from collections.abc import Iterable
from datetime import date
from itertools import chain

from simulator.cdr import RecordStream, calls_of_days, matching
from simulator.clock import read_day
from simulator.owners import account_named, known_accounts
from simulator.rates import price, rate_of
from simulator.records import Call
from simulator.refusals import BAD_REQUEST, EXISTS, Refusal
from simulator.registry import Body, Result, operation
from simulator.state import State


def read_days(body: Body) -> tuple[date, date]:
    """Read the first and the last day asked for. Raises Refusal."""
    try:
        return read_day(body["beginTime"]), read_day(body["endTime"])
    except ValueError as error:
        raise Refusal(BAD_REQUEST, "The time is not yyyyMMdd.") from error


@operation("GetCdr")
def get_cdr(state: State, body: Body) -> Result:
    days = read_days(body)
    each: list[Iterable[Call]] = [
        calls_of_days(state.ledger, state.clock, account.account, days, state.counting)
        for account in known_accounts(state, body["accounts"])
    ]
    calls = iter(matching(chain(*each), body))
    first = next(calls, None)
    if first is None:
        return {"infoCdrs": []}
    return RecordStream(chain([first], calls), older=state.options.older)


@operation("CreateCdr")
def create_cdr(state: State, body: Body) -> Result:
    """Adds a record of a call that another system carried; it is rated and billed here."""
    account = account_named(state, body.get("account", ""))
    flow_no = body.get("flowNo") or state.ledger.new_flow()
    if flow_no in state.ledger.by_flow:
        raise Refusal(EXISTS, "The record exists.")
    now = state.clock.now()
    start = body.get("startTime", now - body["billingTime"] * 1000)
    callee = body.get("calleeE164", "")
    rate = rate_of(state.rates, account.rate_group, callee)
    fee, billed = price(rate, body["billingTime"])
    state.ledger.record(
        Call(
            caller_e164=body.get("callerE164", ""),
            callee_e164=callee,
            start=start,
            stop=body.get("stopTime", start + body["billingTime"] * 1000),
            hold_time=body["billingTime"],
            account=account.account,
            account_name=account.name,
            agent_account=account.agent,
            flow_no=flow_no,
            fee=fee,
            fee_time=billed,
            fee_prefix=rate.prefix if rate else "",
            call_level=rate.level if rate else 5,
            end_direction=body.get("endDirection", 0),
            end_reason=body.get("endReason", 16),
            billing_mode=body["billingMode"],
        )
    )
    return {}
