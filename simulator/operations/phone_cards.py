"""Phone cards, the vouchers of the switch, and numbers bound to them (manual 3.32 to 3.39, 3.58, 3.59, 3.84)."""

from msgspec.structs import replace

from simulator.operations.payments import pay_answer
from simulator.owners import account_named, owner
from simulator.records import PayKind, PayMethod, PhoneCard
from simulator.refusals import CARD_EXPIRED, CARD_SPENT, EXISTS, Refusal, not_found
from simulator.registry import Body, Result, operation
from simulator.resources import Resource, register
from simulator.state import State
from simulator.tables import Row


def _card(state: State, body: Body) -> PhoneCard:
    card = state.tables.cards.get(body["pin"])
    if card is None or body.get("password", card.password) != card.password:
        raise not_found()
    return card


def _unspent_card(state: State, body: Body) -> PhoneCard:
    card = _card(state, body)
    if card.used_at is not None:
        raise Refusal(CARD_SPENT, "The phone card has been used.")
    if card.expires < state.clock.now():
        raise Refusal(CARD_EXPIRED, "The phone card has expired.")
    return card


@operation("PayByPhoneCard")
def pay_by_phone_card(state: State, body: Body) -> Result:
    card = _unspent_card(state, body)
    account = owner(state, body["ownerName"], body["ownerType"])
    now = state.clock.now()
    state.ledger.pay(
        account,
        card.money,
        kind=PayKind.TOP_UP,
        method=PayMethod.VOUCHER,
        memo=body.get("memo", ""),
        at=now,
    )
    state.tables.cards[card.pin] = replace(card, used_at=now, used_by=account.account)
    return pay_answer(account, card.money)


@operation("GetPhoneCard")
def get_phone_card(state: State, body: Body) -> Result:
    card = _card(state, body)
    return {
        "infoPhoneCard": {
            "money": card.money,
            "feeRateGroup": card.rate_group,
            "expireTime": card.expires,
            "usedTime": card.used_at,
            "usedAccount": card.used_by,
            "agentAccount": card.agent,
            "memo": card.memo,
        }
    }


@operation("PhoneCardActive")
def phone_card_active(state: State, body: Body) -> Result:
    """Make the card an active card of the account whose phone or bound number is given."""
    card = _unspent_card(state, body)
    number = body.get("bindedE164", "")
    phone = state.tables.of("Phone").get(number)
    if phone is None:
        raise not_found()
    active = state.tables.of("ActivePhoneCard")
    if card.pin in active:
        raise Refusal(EXISTS, "The phone card is active already.")
    active[card.pin] = {
        "pin": card.pin,
        "account": phone["account"],
        "password": card.password,
        "activeTime": state.clock.now(),
    }
    return {}


def _needs_account(state: State, row: Row) -> None:
    account_named(state, row["account"])
    row.setdefault("activeTime", state.clock.now())


def _needs_active_card(state: State, row: Row) -> None:
    card = state.tables.of("ActivePhoneCard").get(row["pin"])
    if card is None:
        raise not_found()
    row["account"] = card["account"]
    row.setdefault("bindTime", state.clock.now())


register(Resource("ActivePhoneCard", "pin", {"pins": "pin", "accounts": "account"}, prepare=_needs_account))
register(
    Resource("BindedE164", "e164", {"e164s": "e164", "pin": "pin", "account": "account"}, prepare=_needs_active_card)
)
