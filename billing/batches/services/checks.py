"""Checks what the lines of a batch mean, and what is wrong with them. Nothing is sent and nothing is saved here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from django.utils.translation import gettext

from accounts.access import descendants
from accounts.models import Account, User
from billing.batches.models import BatchRow
from billing.lib.amounts import BadAmount, parse_written_amount
from billing.topups.models import TopUp
from billing.topups.services import duplicates
from billing.topups.services import limits as topup_limits
from billing.topups.services import requests as topup_requests
from billing.topups.services.errors import TopUpRefused

MOST_NAMED = 5


def check(*, agent: Account, by: User, rows: Sequence[BatchRow], now: datetime) -> None:
    """Fill in account, amount, problem and warning of each row again, by what is known now."""
    accounts = _accounts(agent, rows)
    used = topup_limits.used_today(accounts=accounts.values(), switch=agent.switch, by=by, now=now)
    for row in rows:
        row.warning = ""
        row.amount, wrong = _amount(row.amount_text, agent)
        row.account = accounts.get(row.account_text)
        row.problem = row.unclear or wrong or _problem(row, agent, by, now, used)
    good = [row for row in rows if not row.problem]
    _warn_of_repetitions(agent, good, now)
    _warn_of_accounts_that_stand_twice(good)


def _accounts(agent: Account, rows: Sequence[BatchRow]) -> dict[str, Account]:
    numbers = {row.account_text for row in rows}
    return {
        account.number: account for account in descendants(agent).filter(number__in=numbers).select_related("switch")
    }


def _amount(text: str, agent: Account) -> tuple[Decimal | None, str]:
    try:
        return parse_written_amount(text, places=agent.switch.places), ""
    except BadAmount as error:
        return None, str(error)


def _problem(row: BatchRow, agent: Account, by: User, now: datetime, used: topup_limits.Used) -> str:
    if not row.account_text:
        return gettext("No account is named.")
    # An account that does not exist and one of another agent get the same answer.
    if row.account is None or row.amount is None:
        return f"You have no customer with the account {row.account_text}."
    requested = TopUp(
        account=row.account,
        payer=agent,
        amount=row.amount,
        note=row.note,
        requested_by=by,
        key=row.account_text,
        requested_at=now,
    )
    try:
        topup_requests.check_body(requested)
        topup_limits.check_used(used, account=row.account, amount=row.amount)
    except TopUpRefused as refused:
        return str(refused)
    return ""


def _warn_of_repetitions(agent: Account, rows: Sequence[BatchRow], now: datetime) -> None:
    accounts = {row.account for row in rows if row.account is not None}
    earlier = duplicates.recent_duplicates(accounts=accounts, switch=agent.switch, now=now)
    for row in rows:
        if row.account_id and row.amount is not None and (duplicate := earlier.get((row.account_id, row.amount))):
            row.warning = f"The same was asked for just now, as {duplicate}. "


def _warn_of_accounts_that_stand_twice(rows: Sequence[BatchRow]) -> None:
    lines = defaultdict(list)
    for row in rows:
        lines[row.account_text].append(row.line)
    for row in rows:
        # Only as many lines as show whether there are more: one account may stand in every line.
        others = [line for line in lines[row.account_text][: MOST_NAMED + 2] if line != row.line]
        if others:
            named = ", ".join(map(str, others[:MOST_NAMED])) + (" and others" if len(others) > MOST_NAMED else "")
            row.warning += f"The same account stands in line {named} too."
        row.warning = row.warning.strip()
