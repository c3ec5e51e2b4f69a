"""Checks what the lines of a batch mean, and what is wrong with them. Nothing is sent and nothing is saved here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from accounts.access import descendants
from accounts.models import Account, User
from billing.batches.models import BatchRow, RowReason
from billing.lib.amounts import BadAmount, parse_written_amount
from billing.lib.reasons import Because
from billing.topups.models import TopUp
from billing.topups.queries import unsettled
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
        row.warning = None
        row.amount, wrong = _amount(row.amount_text, agent)
        row.account = accounts.get(row.account_text)
        row.problem = row.unclear or wrong or _problem(row, agent, by, now, used)
    _warn([row for row in rows if row.problem is None], agent, now)


def _accounts(agent: Account, rows: Sequence[BatchRow]) -> dict[str, Account]:
    numbers = {row.account_text for row in rows}
    return {
        account.number: account for account in descendants(agent).filter(number__in=numbers).select_related("switch")
    }


def _amount(text: str, agent: Account) -> tuple[Decimal | None, Because | None]:
    try:
        return parse_written_amount(text, places=agent.switch.places, currency=agent.switch.currency), None
    except BadAmount as error:
        return None, error.because


def _problem(row: BatchRow, agent: Account, by: User, now: datetime, used: topup_limits.Used) -> Because | None:
    if not row.account_text:
        return Because(RowReason.NO_ACCOUNT)
    # An account that does not exist and one of another agent get the same answer.
    if row.account is None or row.amount is None:
        return Because(RowReason.NO_CUSTOMER, {"account": row.account_text})
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
        return refused.because
    return None


def _warn(rows: Sequence[BatchRow], agent: Account, now: datetime) -> None:
    """Mark the rows that may pay something a second time by mistake."""
    accounts = {row.account for row in rows if row.account is not None}
    earlier = duplicates.recent_duplicates(accounts=accounts, switch=agent.switch, now=now)
    coming = unsettled.unsettled_by_account(accounts)
    lines = defaultdict(list)
    for row in rows:
        lines[row.account_text].append(row.line)
    for row in rows:
        repeated, elsewhere = _repetition(row, earlier, coming), _other_lines(row, lines[row.account_text])
        both = Because(RowReason.BOTH, {"first": repeated, "second": elsewhere}) if repeated and elsewhere else None
        row.warning = both or repeated or elsewhere


def _repetition(
    row: BatchRow, earlier: Mapping[tuple[int, Decimal], str], coming: Mapping[int, TopUp]
) -> Because | None:
    if row.account_id is None or row.amount is None:
        return None
    duplicate = earlier.get((row.account_id, row.amount))
    if duplicate:
        return Because(RowReason.JUST_ASKED_FOR, {"topup": duplicate})
    return unsettled.reason(coming[row.account_id]) if row.account_id in coming else None


def _other_lines(row: BatchRow, lines: Sequence[int]) -> Because | None:
    # Only as many lines as show whether there are more: one account may stand in every line.
    others = [line for line in lines[: MOST_NAMED + 2] if line != row.line]
    if not others:
        return None
    reason = RowReason.IN_MANY_LINES if len(others) > MOST_NAMED else RowReason.IN_OTHER_LINES
    return Because(reason, {"lines": ", ".join(map(str, others[:MOST_NAMED]))})
