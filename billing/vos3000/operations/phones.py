"""Phones (manual 3.9)."""

from __future__ import annotations

from hmac import compare_digest

from ..client import Client
from ..field_types import Record
from ..rows import RowReader


class PhoneProof(Record, frozen=True, kw_only=True):
    """The part of a phone that shows who has it. It holds a password in clear, so no caller gets to see it."""

    e164: str
    account: str = ""
    customer_password: str = ""

    def __repr__(self) -> str:
        return f"PhoneProof({self.e164})"


PHONE_PROOFS = RowReader(PhoneProof, named_by="e164")


def is_phone_of(client: Client, *, e164: str, account: str, web_password: str) -> bool:
    """Ask whether this phone is of this account and has this password for web queries (GetPhone, 3.9)."""
    phones = client.read_list("GetPhone", {"e164s": [e164]}, "infoPhones", PHONE_PROOFS)
    return any(
        phone.e164 == e164
        and phone.account == account
        and bool(phone.customer_password)
        and compare_digest(phone.customer_password.encode(), web_password.encode())
        for phone in phones
    )
