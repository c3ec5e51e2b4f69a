"""Says when two lists of top-ups are the same one: by accounts and amounts, in whatever order and spelling."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable

from accounts.lib.money_columns import MONEY_PLACES
from billing.batches.models import BatchRow
from billing.lib.amounts import BadAmount, parse_written_amount


def of_list(rows: Iterable[BatchRow], *, currency: str) -> str:
    """A digest of what the rows pay to whom, with their notes."""
    return _digest([(*_payment(row, currency), row.note) for row in rows])


def of_payments(rows: Iterable[BatchRow], *, currency: str) -> str:
    """A digest of what the rows pay to whom, as often as it stands there."""
    return _digest([_payment(row, currency) for row in rows])


def _payment(row: BatchRow, currency: str) -> tuple[str, ...]:
    """An account and the value of an amount. What is not clear is the text that it is, for nothing is paid by it."""
    if row.unclear is not None:
        return row.account_text, row.amount_text, row.unclear.reason.value
    try:
        amount = parse_written_amount(row.amount_text, places=MONEY_PLACES, currency=currency)
    except BadAmount:
        return row.account_text, row.amount_text
    return row.account_text, f"{amount.normalize():f}"


def _digest(lines: Iterable[tuple[str, ...]]) -> str:
    return hashlib.sha256(json.dumps(sorted(lines)).encode()).hexdigest()
