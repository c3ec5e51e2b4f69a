"""One call of an account. The switch is never asked here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from accounts.models import Account
from billing.calls.models import Call, CallChange, ChangeOfRecord

MOST_CORRECTIONS = 10


@dataclass(frozen=True)
class Correction:
    """The switch changed what a call had cost; `noticed_at` is when that was read."""

    noticed_at: datetime
    before: Decimal
    after: Decimal


def find(*, account: Account, flow_no: int, began: int | None = None) -> Call | None:
    """`flow_no` is how the switch names the record; that of another account's call is nobody's here.

    Some switches use a name again after weeks: then it is the call that `began` about then, in seconds since 1970, or
    else the newest.
    """
    # In no order: there is hardly ever more than one, and to look for it along the account's calls would be slow.
    found = Call.objects.select_related("account__switch").filter(
        account=account, switch=account.switch_id, flow_no=flow_no
    )
    if began is None:
        return max(found, key=lambda call: call.started_at, default=None)
    return min(found, key=lambda call: abs(call.started_at.timestamp() - began), default=None)


def corrections(call: Call) -> list[Correction]:
    """The newest first, of those that are still kept."""
    changes = CallChange.objects.filter(account=call.account_id, flow_no=call.flow_no, kind=ChangeOfRecord.EDITED)
    found, after = [], call.fee
    for change in changes.exclude(fee=0).order_by("-noticed_at", "-id")[:MOST_CORRECTIONS]:
        found.append(Correction(change.noticed_at, before=after - change.fee, after=after))
        after -= change.fee
    return found
