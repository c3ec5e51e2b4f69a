"""One call of an account. The switch is never asked here."""

from __future__ import annotations

from accounts.models import Account
from billing.models import Call


def find(*, account: Account, flow_no: int) -> Call | None:
    """`flow_no` is how the switch names the record; that of another account's call is nobody's here."""
    # In no order: there is one at most, and to look for it along the account's calls would be slow.
    found = Call.objects.select_related("account__switch").filter(
        account=account, switch=account.switch_id, flow_no=flow_no
    )[:1]
    return next(iter(found), None)
