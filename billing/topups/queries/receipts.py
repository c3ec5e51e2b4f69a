"""What a receipt says about a top-up to each of its readers: on the page, on paper and in a mail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from accounts.access import Access
from accounts.models import Account, User
from billing.topups.models import TopUp


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """What is shown of a top-up. `made_by` is empty where the reader is not told the name: it is their provider."""

    number: str
    at: datetime
    account: Account
    amount: Decimal
    made_by: str
    balance_after: Decimal | None


def for_payer(access: Access | None) -> bool:
    """Whether a reader sees how the agent paid: everybody with access but the customer who was topped up."""
    return access is not None and (access.as_staff or access.via != access.account)


def receipt_of(topup: TopUp, *, reader: User, access: Access | None) -> Receipt:
    return Receipt(
        number=topup.reference,
        at=topup.settled_at or topup.requested_at,
        account=topup.account,
        amount=topup.amount,
        made_by=_made_by(topup, reader, access),
        balance_after=topup.balance_after,
    )


def _made_by(topup: TopUp, reader: User, access: Access | None) -> str:
    """The name of the person who made it, for themselves, for the payer, and among the account's own members."""
    maker = topup.requested_by
    is_known = maker == reader or for_payer(access) or maker.memberships.filter(account=topup.account_id).exists()
    return maker.get_full_name() if is_known else ""
