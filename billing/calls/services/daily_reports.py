"""Reading the switch's own daily report (manual §3.48) of some accounts; one that cannot be used spoils no other's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from itertools import chain

from accounts.models import Switch
from billing.calls.models import CallDay
from billing.calls.services.comparing import Stated
from billing.lib.instants import from_millis
from billing.lib.reasons import Because
from billing.switches.services import asking_by_halves
from billing.switches.services.asking_by_halves import Answered, Question
from billing.switches.services.clients import client
from billing.switches.services.unusable_answers import why_unusable
from billing.vos3000 import Client, Listed, UnreadableRow
from billing.vos3000.operations.reports import CustomerFee, day_of_unreadable, get_report_customer_fee

OPERATION = "GetReportCustomerFee"
ACCOUNTS_PER_REQUEST = 50
Key = tuple[int, date]


@dataclass
class Reports:
    """Calls and fee as the switch states them by account and day; a day without a row has no calls.

    `unusable` are days whose row cannot be read, `unknown` those of which nothing can be known: no answer can be used,
    or a row does not say of which day it is. The days of accounts that are not in `asked` wait for their turn.
    """

    stated: dict[Key, Stated] = field(default_factory=dict)
    unusable: dict[Key, Because] = field(default_factory=dict)
    unknown: dict[Key, Because] = field(default_factory=dict)
    asked: set[int] = field(default_factory=set)


def read(*, switch: Switch, days: Sequence[CallDay], now: datetime, only_due: bool) -> Reports:
    """Ask for the report of these days, as few times as the answers allow. Raises SwitchError."""
    reports = Reports()
    ids = {row.account.number: row.account_id for row in days}
    with client(switch) as asking:
        question = Question(switch, OPERATION, partial(_rows, asking, days), at=now, only_due=only_due)
        for answered in asking_by_halves.ask(question, list(ids), most=ACCOUNTS_PER_REQUEST):
            _add(reports, answered, ids, days, switch)
    return reports


def _rows(asking: Client, days: Sequence[CallDay], numbers: Sequence[str]) -> Listed[CustomerFee]:
    dates = [row.day for row in days]
    ask = partial(get_report_customer_fee, asking, first=min(dates), last=max(dates))
    rows = ask(accounts=numbers)
    is_empty = not rows and not rows.unreadable
    if not is_empty or len(numbers) == 1 or not any(row.calls for row in days if row.account.number in numbers):
        return rows
    # One account that the switch does not find may be the reason for an answer without rows.
    alone = [ask(accounts=[number]) for number in numbers]
    return Listed(chain(*alone), chain(*(listed.unreadable for listed in alone)))


def _add(
    reports: Reports, answered: Answered[CustomerFee], ids: Mapping[str, int], days: Sequence[CallDay], switch: Switch
) -> None:
    first, last = min(row.day for row in days), max(row.day for row in days)
    for row in answered.rows:
        if row.account in ids:
            key = (ids[row.account], row.day(switch.zone, first=first, last=last))
            others = reports.stated.get(key, Stated(0, Decimal(0), from_millis(row.begin_time)))
            reports.stated[key] = Stated(others.calls + row.cdr_count, others.fee + row.total_fee, others.begins_at)
    for number, why in answered.failed.items():
        if number in ids:
            bad = [row for row in answered.unreadable if row.name == number]
            _leave_out(reports, ids[number], why, bad, days, switch)
    reports.asked |= {ids[number] for number in answered.answered | answered.failed.keys() if number in ids}


def _leave_out(
    reports: Reports, account: int, why: Because, bad: Sequence[UnreadableRow], days: Sequence[CallDay], switch: Switch
) -> None:
    """Leave out the days of the account's bad rows; where they do not say their day, all that have no row."""
    of_rows = {day_of_unreadable(row, switch.zone): why_unusable(row) for row in bad}
    if not bad or None in of_rows:
        own = [(row.account_id, row.day) for row in days if row.account_id == account]
        reports.unknown |= {key: why for key in own if key not in reports.stated}
    reports.unusable |= {(account, day): because for day, because in of_rows.items() if day is not None}
