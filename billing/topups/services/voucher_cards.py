"""Seals a voucher card's number and password: outside a request to the switch they exist encrypted only."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from cryptography.fernet import InvalidToken, MultiFernet

from accounts.lib import encryption
from accounts.models import Account, Switch, User
from billing.topups.models import TopUp

PURPOSE = "billing.topups.services.voucher_cards"
OFFER_PURPOSE = f"{PURPOSE}.offer"
OFFERED_FOR = timedelta(minutes=15)
LONGEST_OFFER = 2000


class Unreadable(Exception):
    """A sealed text cannot be opened: it is not ours, too old, or SECRET_KEY is another one now."""


@dataclass(frozen=True)
class Card:
    """What is printed on a voucher card. Neither part may ever reach a log."""

    pin: str = field(repr=False)
    password: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Offer:
    """A card that was found good: what it holds, and the key under which it is paid in."""

    card: Card
    amount: Decimal
    expires_at: datetime | None
    key: str


def digest_of(*, switch: Switch, card: Card) -> str:
    return digests_of(switch=switch, card=card)[0]


def digests_of(*, switch: Switch, card: Card) -> list[str]:
    """All digests that a row may have for the card, also one that was written under an earlier SECRET_KEY."""
    return encryption.digests(PURPOSE, f"{switch.pk} {card.pin}")


def seal(card: Card) -> str:
    return encryption.cipher(PURPOSE).encrypt(json.dumps(asdict(card)).encode()).decode()


def card_of(topup: TopUp) -> Card:
    """Open the card that was sealed in a top-up. Raises Unreadable."""
    try:
        return Card(**json.loads(encryption.cipher(PURPOSE).decrypt(topup.sealed_card)))
    except InvalidToken as error:
        raise Unreadable from error


def seal_offer(offer: Offer, *, account: Account, by: User, now: datetime) -> str:
    """Seal an offer for the confirmation page: it opens for this account and user alone, and for a short time."""
    fields = {**asdict(offer.card), "amount": str(offer.amount), "key": offer.key}
    return _offers(account, by).encrypt_at_time(json.dumps(fields).encode(), int(now.timestamp())).decode()


def open_offer(sealed: str, *, account: Account, by: User, now: datetime) -> Offer:
    """Open a sealed offer, without the card's expiry, which was shown before. Raises Unreadable."""
    if len(sealed) > LONGEST_OFFER:
        raise Unreadable
    ttl = int(OFFERED_FOR.total_seconds())
    try:
        fields = json.loads(_offers(account, by).decrypt_at_time(sealed.encode(), ttl, int(now.timestamp())))
    except InvalidToken as error:
        raise Unreadable from error
    card = Card(fields["pin"], fields["password"])
    return Offer(card=card, amount=Decimal(fields["amount"]), expires_at=None, key=fields["key"])


def _offers(account: Account, by: User) -> MultiFernet:
    return encryption.cipher(f"{OFFER_PURPOSE} {account.pk} {by.pk}")
