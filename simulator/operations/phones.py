"""Phones (manual 3.6 to 3.10, 3.83)."""

from collections.abc import Mapping
from typing import Any

from simulator.owners import account_named
from simulator.records import NEVER, Account
from simulator.refusals import EXISTS, Refusal, not_found
from simulator.registry import Body, Result, operation
from simulator.resources import Resource
from simulator.state import State
from simulator.tables import Row

PHONE = Resource("Phone", "e164", {"e164s": "e164", "accounts": "account"})

_NESTED = ("infoPhoneValueAdded", "infoPhoneAdditional")
_REGISTERED_FOR_MS = 5 * 3_600_000
_REFRESH_MS = 60_000


@operation("CreatePhone")
def create_phone(state: State, body: Body) -> Result:
    phones = state.tables.of("Phone")
    if body["e164"] in phones:
        raise Refusal(EXISTS, "The phone exists.")
    name = body.get("account") or body["e164"]
    if body["autoCreateAccount"] and name not in state.ledger.accounts:
        state.ledger.open(Account(account=name, name=name, start_time=state.clock.now(), valid_time=NEVER))
    account_named(state, name)
    row = {key: value for key, value in body.items() if key != "autoCreateAccount"}
    row["account"] = name
    row.setdefault("password", f"sip-{state.tables.new_id():010}")
    phones[body["e164"]] = row
    state.tables.offline.add(body["e164"])
    return {"password": row["password"]}


@operation("ModifyPhone")
def modify_phone(state: State, body: Body) -> Result:
    """Change a phone. Fields that are not named stay as they are, inside the nested settings too."""
    phones = state.tables.of("Phone")
    before = phones.get(body["e164"])
    if before is None:
        raise not_found()
    if "account" in body:
        account_named(state, body["account"])
    nested = {key: {**before.get(key, {}), **body[key]} for key in _NESTED if key in body}
    phones[body["e164"]] = {**before, **body, **nested}
    return {}


@operation("DeletePhone")
def delete_phone(state: State, body: Body) -> Result:
    if state.tables.of("Phone").pop(body["e164"], None) is None:
        raise not_found()
    return {}


@operation("GetPhone")
def get_phone(state: State, body: Body) -> Result:
    return {"infoPhones": PHONE.select(state, body)}


@operation("GetPhoneOnline")
def get_phone_online(state: State, body: Body) -> Result:
    """List the phones that are registered."""
    rows: list[Row] = PHONE.select(state, body)
    return {"infoPhoneOnlines": [_online(state, row["e164"]) for row in rows if _registered(state, row["e164"])]}


@operation("GetAllPhoneOnline")
def get_all_phone_online(state: State, body: Body) -> Result:
    return {"e164s": [str(number) for number in state.tables.of("Phone") if _registered(state, str(number))]}


def _registered(state: State, number: str) -> bool:
    return number not in state.tables.offline


def _online(state: State, number: str) -> Mapping[str, Any]:
    now = state.clock.now()
    return {
        "e164": number,
        "currentCall": sum(call.caller_e164 == number for call in state.live.in_progress.values()),
        "remoteIp": "192.0.2.41",
        "localIp": "198.51.100.5",
        "registerTime": now - _REGISTERED_FOR_MS,
        "updateTime": now - now % _REFRESH_MS,
        "protocol": 1,
        "cryptoType": 0,
        "productId": "Yealink SIP-T46U",
    }
