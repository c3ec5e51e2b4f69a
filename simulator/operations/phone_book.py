"""The phone book of an account (manual 3.52 to 3.55)."""

from typing import Any

from simulator.owners import account_named
from simulator.refusals import EXISTS, NOT_ALLOWED, Refusal, not_found
from simulator.registry import Body, Result, operation
from simulator.state import State
from simulator.tables import Row

_NOT_KEPT = ("account", "infoCustomerPhoneBookOverWrite", "newE164")


def _book(state: State, account: str) -> dict[str, Row]:
    return state.tables.phone_book.setdefault(account_named(state, account).account, {})


def _entry(state: State, body: Body) -> Row:
    kept: dict[str, Any] = {key: value for key, value in body.items() if key not in _NOT_KEPT}
    return {**kept, "lastUpdateTime": state.clock.now()}


@operation("GetCustomerPhoneBook")
def get_phone_book(state: State, body: Body) -> Result:
    rows = list(_book(state, body.get("account", "")).values())
    if "e164" in body:
        rows = [row for row in rows if row["e164"] == body["e164"]]
    return {"infoCustomerPhoneBooks": rows}


@operation("CreateCustomerPhoneBook")
def create_phone_book(state: State, body: Body) -> Result:
    book = _book(state, body["account"])
    number = body.get("e164", "")
    overwrite = body.get("infoCustomerPhoneBookOverWrite", {}).get("e164", 0)
    if number in book and not overwrite:
        raise Refusal(EXISTS, "The number is in the phone book.")
    limit = account_named(state, body["account"]).phone_book_limit
    if number not in book and len(book) >= limit:
        raise Refusal(NOT_ALLOWED, "The phone book is full.")
    book[number] = {**_entry(state, body), "e164": number}
    return {}


@operation("ModifyCustomerPhoneBook")
def modify_phone_book(state: State, body: Body) -> Result:
    book = _book(state, body["account"])
    if body["e164"] not in book:
        raise not_found()
    number = body.get("newE164") or body["e164"]
    if number != body["e164"] and number in book:
        raise Refusal(EXISTS, "The number is in the phone book.")
    book[number] = {**book.pop(body["e164"]), **_entry(state, body), "e164": number}
    return {}


@operation("DeleteCustomerPhoneBook")
def delete_phone_book(state: State, body: Body) -> Result:
    book = _book(state, body["account"])
    if not any(number in book for number in body["e164s"]):
        raise not_found()
    for number in body["e164s"]:
        book.pop(number, None)
    return {}
