"""What a voucher card itself says about a top-up in doubt: when and for whom it was used (manual §3.84)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto

from billing.models import TopUp
from billing.services import cards
from billing.vos3000 import Client, Refused
from billing.vos3000.operations.phone_cards import PhoneCard, get_phone_card


class Says(Enum):
    NOTHING = auto()
    """It is unused, not found, or does not tell clearly: the payment may yet be done, or be found."""
    PAID_IN = auto()
    """For the account and the amount, and since it was sent."""
    USED_OTHERWISE = auto()
    """For the account, but not when it was sent or not with the amount: a person has to see why."""
    USED_ELSEWHERE = auto()


@dataclass(frozen=True)
class CardState:
    says: Says
    evidence: dict[str, str]


UNREADABLE = CardState(Says.NOTHING, {"state": "not readable here"})
NOT_FOUND = CardState(Says.NOTHING, {"state": "not found"})


def ask(client: Client, topup: TopUp, *, now: datetime) -> CardState:
    """Raises SwitchError when the switch does not answer."""
    try:
        card = cards.card_of(topup)
        found = get_phone_card(client, pin=card.pin, password=card.password)
    except cards.Unreadable:
        return UNREADABLE
    except Refused as error:
        return CardState(Says.NOTHING, {"state": f"refused with code {error.code}"})
    return NOT_FOUND if found is None else CardState(_says(found, topup, now), _shown(found))


def _says(found: PhoneCard, topup: TopUp, now: datetime) -> Says:
    if not found.is_used or not found.used_account:
        return Says.NOTHING
    if found.used_account != topup.account.number:
        return Says.USED_ELSEWHERE
    is_it = _is_in_time(found.used_at, topup, now) and found.money == topup.amount
    return Says.PAID_IN if is_it else Says.USED_OTHERWISE


def _is_in_time(used_at: datetime | None, topup: TopUp, now: datetime) -> bool:
    """Not before it was sent, as far as the switch's clock can be trusted."""
    tolerance = topup.account.switch.clock_tolerance
    sent_at = topup.sent_at or topup.requested_at
    return used_at is not None and sent_at - tolerance <= used_at <= now + tolerance


def _shown(found: PhoneCard) -> dict[str, str]:
    if not found.is_used:
        return {"state": "not used", "amount": str(found.money)}
    return {
        "state": "used",
        "amount": str(found.money),
        "at": found.used_at.isoformat() if found.used_at else "",
        "account": found.used_account or "",
    }
