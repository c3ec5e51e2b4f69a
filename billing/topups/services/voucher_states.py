"""Asks the switch about the voucher card of a top-up in doubt: when and for whom it was used (manual §3.84)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto

from billing.topups.models import CardFinding, TopUp
from billing.topups.services import voucher_cards
from billing.vos3000 import Client, Refused
from billing.vos3000.operations.phone_cards import PhoneCard, get_phone_card


class CardUse(Enum):
    """How the card of a top-up was used, as far as the switch tells."""

    UNCLEAR = auto()
    """It is unused, not found, or does not tell clearly: the payment may yet be done, or be found."""
    PAID_IN = auto()
    """It was used for the account and the amount, and since the top-up was sent."""
    USED_OTHERWISE = auto()
    """It was used for the account, but at another time or with another amount: a person has to see why."""
    USED_ELSEWHERE = auto()
    """It was used for another account."""


@dataclass(frozen=True)
class CardState:
    """How the card was used, and what the switch said of it."""

    use: CardUse
    evidence: dict[str, str]


UNREADABLE = CardState(CardUse.UNCLEAR, {"state": CardFinding.UNREADABLE})
NOT_FOUND = CardState(CardUse.UNCLEAR, {"state": CardFinding.NOT_FOUND})


def ask(client: Client, topup: TopUp, *, now: datetime) -> CardState:
    """Ask the switch about the card of a top-up. Raises SwitchError when it does not answer."""
    try:
        card = voucher_cards.card_of(topup)
        found = get_phone_card(client, pin=card.pin, password=card.password)
    except voucher_cards.Unreadable:
        return UNREADABLE
    except Refused as error:
        return CardState(CardUse.UNCLEAR, {"state": CardFinding.REFUSED, "code": str(error.code)})
    return NOT_FOUND if found is None else CardState(_use(found, topup, now), _shown(found))


def _use(found: PhoneCard, topup: TopUp, now: datetime) -> CardUse:
    if not found.is_used or not found.used_account:
        return CardUse.UNCLEAR
    if found.used_account != topup.account.number:
        return CardUse.USED_ELSEWHERE
    is_it = _is_in_time(found.used_at, topup, now) and found.money == topup.amount
    return CardUse.PAID_IN if is_it else CardUse.USED_OTHERWISE


def _is_in_time(used_at: datetime | None, topup: TopUp, now: datetime) -> bool:
    """Whether it was used since the top-up was sent, as far as the switch's clock can be trusted."""
    tolerance = topup.account.switch.clock_tolerance
    sent_at = topup.sent_at or topup.requested_at
    return used_at is not None and sent_at - tolerance <= used_at <= now + tolerance


def _shown(found: PhoneCard) -> dict[str, str]:
    if not found.is_used:
        return {"state": CardFinding.NOT_USED, "amount": str(found.money)}
    return {
        "state": CardFinding.USED,
        "amount": str(found.money),
        "at": found.used_at.isoformat() if found.used_at else "",
        "account": found.used_account or "",
    }
