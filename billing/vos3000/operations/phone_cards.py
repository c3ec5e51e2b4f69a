"""Phone cards, which are the vouchers of the switch: paying one in, and looking at one (manual 3.58, 3.84)."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from msgspec.json import Decoder

from ..client import Client
from ..errors import NOT_FOUND, Malformed
from ..expiry import Expiry
from ..field_types import Millis, Record, instant
from ..owner_types import account_owner
from .payments import Paid, send_payment


class PhoneCard(Record, frozen=True, kw_only=True):
    """A voucher card: `money` is what it pays in. `used_account` is the account that it was paid into."""

    money: Decimal
    expire_time: int | None = None
    used_time: Millis | None = None
    used_account: str | None = None

    @property
    def expiry(self) -> Expiry:
        return Expiry.of(self.expire_time)

    @property
    def is_used(self) -> bool:
        return bool(self.used_time or self.used_account)

    @property
    def used_at(self) -> datetime | None:
        return instant(self.used_time) if self.used_time else None


PHONE_CARD = Decoder(PhoneCard, strict=False)


def pay_by_phone_card(client: Client, *, account: str, pin: str, password: str, amount: Decimal, memo: str) -> Paid:
    """Pay a voucher card into an account (3.58). Sent once, and it ends as `payments.pay` does.

    `amount` is what the card is known to hold; an answer that states another one is no proof.
    """
    fields = {**account_owner(account), "pin": pin, "password": password, "memo": memo}
    return send_payment(client, "PayByPhoneCard", fields, account=account, amount=amount)


def get_phone_card(client: Client, *, pin: str, password: str) -> PhoneCard | None:
    """Read what a voucher card holds and whether it was used (3.84). None: there is no such card.

    A password is always sent, if only an empty one: some builds accept every request that leaves it out.
    """
    answer = client.ask("GetPhoneCard", {"pin": pin, "password": password})
    if answer.code == NOT_FOUND:
        return None
    # The switch's own text may quote the card, so it is left out of the refusal.
    client.check_read(answer.operation, answer.code, "")
    card = answer.result("infoPhoneCard", PHONE_CARD)
    if card is None:
        raise Malformed(answer.operation, "the switch does not say what the card holds")
    return card
