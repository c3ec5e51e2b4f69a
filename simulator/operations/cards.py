"""Vouchers (manual 3.58, 3.59, 3.84)."""

from msgspec.structs import replace

from simulator.operations.owners import owner
from simulator.operations.payments import pay_answer
from simulator.operations.registry import Body, Result, operation
from simulator.records import PayKind, PayMethod, PhoneCard
from simulator.refusals import CARD_EXPIRED, CARD_SPENT, EXISTS, Refusal, not_found
from simulator.state import State


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
    """The card becomes an active card of the account whose phone or bound number is given."""
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
