"""Whom a request means where the switch takes several kinds of owners."""

from __future__ import annotations

from .codes import Code
from .endpoint import Json


class OwnerType(Code):
    """The kind of thing that `ownerName` names."""

    ACCOUNT = 2
    PHONE = 6
    PHONE_CARD = 11
    BOUND_NUMBER = 25
    MAPPING_GATEWAY = 44


def account_owner(account: str) -> dict[str, Json]:
    """Return the fields of a request that name an account as the owner."""
    return {"ownerName": account, "ownerType": int(OwnerType.ACCOUNT)}
