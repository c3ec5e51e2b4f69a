"""Finding one call of an account, and how it was corrected. The switch is never asked here."""

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
    """Find the account's call by `flow_no`, the switch's number of the record; calls of other accounts are not found.

    Some switches use a number again after weeks: then it is the call that `began` about then, in seconds since 1970,
    or else the newest.
    """
    # Not ordered by the database, which would then search all calls of the account: there is hardly ever more than one.
    found = Call.objects.select_related("account__switch").filter(
        account=account, switch=account.switch_id, flow_no=flow_no
    )
    if began is None:
        return max(found, key=lambda call: call.started_at, default=None)
    return min(found, key=lambda call: abs(call.started_at.timestamp() - began), default=None)


def corrections(call: Call) -> list[Correction]:
    """List the corrections of a call that are still kept, the newest first."""
    changes = CallChange.objects.filter(account=call.account_id, flow_no=call.flow_no, kind=ChangeOfRecord.EDITED)
    found, after = [], call.fee
    for change in changes.exclude(fee=0).order_by("-noticed_at", "-id")[:MOST_CORRECTIONS]:
        found.append(Correction(change.noticed_at, before=after - change.fee, after=after))
        after -= change.fee
    return found
