"""Old calls that a switch may have dropped, where nobody said how long it keeps them: its silence about a day of which
calls are here is no word that there were none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

from accounts.models import Account, Switch
from billing.models import CallDay
from billing.queries.days import day_of
from billing.vos3000 import Client
from billing.vos3000.operations.reports import get_report_customer_fee

# No switch drops what is younger.
SURELY_KEPT = timedelta(days=7)
LOOKED_BACK = timedelta(days=35)
MOST_WITNESSES = 50


def may_be(*, switch: Switch, day: date, told_of: Iterable[date], now: datetime) -> bool:
    """Whether silence about that day says nothing. The oldest go first: what is younger than a day told of is there."""
    if switch.call_days_kept is not None or day >= day_of(now, switch.zone) - SURELY_KEPT:
        return False
    return all(day < other for other in told_of)


def of(*, asking: Client, accounts: Sequence[Account], day: date, now: datetime) -> list[Account]:
    """Those of accounts on one switch, of which a new answer has no calls of that day, whose emptiness its own report
    (manual §3.48) does not bear out. Raises SwitchError.
    """
    if not accounts or not may_be(switch=accounts[0].switch, day=day, told_of=(), now=now):
        return []
    switch, numbers = accounts[0].switch, [account.number for account in accounts]
    asked = list({*numbers, *_witnesses(switch, day)})
    rows = get_report_customer_fee(asking, accounts=asked, first=day - LOOKED_BACK, last=day)
    told_of = {(row.account, row.first_day(switch.zone)) for row in rows}
    is_unsure = may_be(switch=switch, day=day, told_of=(other for _, other in told_of), now=now)
    calls = Counter[str]()
    for row in rows:
        if row.first_day(switch.zone) == day:
            calls[row.account] += row.cdr_count
    unsaid = {number for number in numbers if is_unsure and (number, day) not in told_of}
    return [account for account in accounts if calls[account.number] or account.number in unsaid]


def _witnesses(switch: Switch, day: date) -> list[str]:
    """Accounts that called on that day or not long before: where the switch tells of these, it has the day still."""
    called = CallDay.objects.filter(
        account__switch=switch, account__missing_since__isnull=True, day__range=(day - LOOKED_BACK, day), calls__gt=0
    )
    return list(called.order_by("-day", "-id").values_list("account__number", flat=True)[:MOST_WITNESSES])
