"""Telling days that a switch has dropped from days without calls, where no setting says how long it keeps them.

An answer without calls of an old day does not prove that there were none, when calls of that day are kept here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from functools import partial

from accounts.models import Account, Switch
from billing.calls.models import CallDay
from billing.calls.services.daily_reports import OPERATION
from billing.lib.days import day_of
from billing.switches.services import asking_by_halves
from billing.switches.services.asking_by_halves import Question
from billing.vos3000 import Client, Listed
from billing.vos3000.operations.reports import CustomerFee, get_report_customer_fee

# No switch drops calls that are younger.
SURELY_KEPT = timedelta(days=7)
LOOKED_BACK = timedelta(days=35)
MOST_COMPARED = 50


def may_have_dropped(*, switch: Switch, day: date, reported: Iterable[date], now: datetime) -> bool:
    """Whether the switch may have dropped that day. It drops the oldest first: it has all days after one it reports."""
    if switch.call_days_kept is not None or day >= day_of(now, switch.zone) - SURELY_KEPT:
        return False
    return all(day < other for other in reported)


def unconfirmed_empty_days(*, asking: Client, accounts: Sequence[Account], day: date, now: datetime) -> list[Account]:
    """Find the accounts, all of one switch, of which its report (manual §3.48) does not confirm that they had no calls.

    A new answer of the switch has no calls of theirs on that day. Raises SwitchError.
    """
    if not accounts or not may_have_dropped(switch=accounts[0].switch, day=day, reported=(), now=now):
        return []
    switch, numbers = accounts[0].switch, [account.number for account in accounts]
    asked = list({*numbers, *_accounts_called_lately(switch, day)})
    read = partial(_reported_until, asking, day)
    answers = list(asking_by_halves.ask(Question(switch, OPERATION, read, at=now), asked, most=len(asked)))
    rows = [row for answered in answers for row in answered.rows]
    failed = {number for answered in answers for number in answered.failed}
    days = [row.day(switch.zone, first=day - LOOKED_BACK, last=day) for row in rows]
    reported = {(row.account, of_day) for row, of_day in zip(rows, days, strict=True)}
    is_unsure = may_have_dropped(switch=switch, day=day, reported=(other for _, other in reported), now=now)
    calls = Counter[str]()
    for row, of_day in zip(rows, days, strict=True):
        if of_day == day:
            calls[row.account] += row.cdr_count
    unreported = {number for number in numbers if is_unsure and (number, day) not in reported}
    unconfirmed = unreported | failed
    return [account for account in accounts if calls[account.number] or account.number in unconfirmed]


def _reported_until(asking: Client, day: date, numbers: Sequence[str]) -> Listed[CustomerFee]:
    return get_report_customer_fee(asking, accounts=numbers, first=day - LOOKED_BACK, last=day)


def _accounts_called_lately(switch: Switch, day: date) -> list[str]:
    """Choose accounts that called on that day or not long before: while the switch reports these, it has the day."""
    called = CallDay.objects.filter(
        account__switch=switch, account__missing_since__isnull=True, day__range=(day - LOOKED_BACK, day), calls__gt=0
    )
    return list(called.order_by("-day", "-id").values_list("account__number", flat=True)[:MOST_COMPARED])
