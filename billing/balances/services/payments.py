"""Payments and other charges, mirrored from the switch (manual §3.46 and §3.64).

Their rows have no id there. Equal rows are told apart by counting: the rows of one instant always arrive together, so
the first of equal rows is always number 0 and the second number 1, however often and in whatever window they are read.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from django.db import transaction

from accounts.models import Account
from billing.balances.models import Charge, Payment, Stream, SyncMark
from billing.lib.amounts import stored
from billing.lib.locks import hold
from billing.switches.services.clients import client
from billing.vos3000 import Malformed, UnexpectedStatus
from billing.vos3000.operations.payments import Consumption, PayRecord, get_consumption, get_pay_history

FIRST_TIME = timedelta(days=90)
LONGEST_WINDOW = timedelta(days=31)
# The switch's rows may arrive late, and its clock may be behind the portal's.
OVERLAP = timedelta(hours=1)
LONGEST_MIRRORING = timedelta(minutes=5)

Stated = TypeVar("Stated", PayRecord, Consumption)
Row = TypeVar("Row", Payment, Charge)


@dataclass(frozen=True)
class NewRows:
    """How many payments and charges were new."""

    payments: int = 0
    charges: int = 0


def mirror(*, account: Account, now: datetime, since: datetime | None = None) -> NewRows:
    """Read an account's new payments and charges. Raises SwitchError; the windows read whole before it are kept.

    `since` reads again from there; nothing is written twice. A second process does nothing while the first still reads.
    A build without GetConsumption has no charges, and no mark that says that they were read.
    """
    with hold(f"payments:{account.pk}", longest=LONGEST_MIRRORING) as lock:
        if lock is None:
            return NewRows()
        with client(account.switch) as asking:

            def payments(begin: datetime, end: datetime) -> list[Payment]:
                return _numbered(
                    account, get_pay_history(asking, account=account.number, begin=begin, end=end), _payment
                )

            def charges(begin: datetime, end: datetime) -> list[Charge]:
                return _numbered(
                    account, get_consumption(asking, account=account.number, begin=begin, end=end), _charge
                )

            new_payments = _read_windows(account, Stream.PAYMENTS, since, now, payments)
            try:
                return NewRows(new_payments, _read_windows(account, Stream.CHARGES, since, now, charges))
            except UnexpectedStatus as error:
                if not error.not_on_this_build:
                    raise
                return NewRows(new_payments)


def _read_windows(
    account: Account,
    stream: Stream,
    since: datetime | None,
    now: datetime,
    read: Callable[[datetime, datetime], list[Row]],
) -> int:
    """Read window after window up to now, keep each with its mark, and return how many rows were new."""
    mark = SyncMark.objects.filter(account=account, stream=stream).first()
    begin = mark.complete_until - OVERLAP if mark else now - FIRST_TIME
    if since is not None:
        # Everything from there on is read again, because a mark speaks of one unbroken stretch.
        begin = min(begin, since)
    new = 0
    while begin < now:
        end = min(begin + LONGEST_WINDOW, now)
        # The switch's clock may be ahead of the portal's: the last window looks a little into the future.
        ahead = account.switch.clock_tolerance if end == now else timedelta(0)
        rows = read(begin, end + ahead)
        with transaction.atomic():
            new += _store(rows)
            _move_mark(account, stream, begin, end)
        begin = end
    return new


def _move_mark(account: Account, stream: Stream, begin: datetime, end: datetime) -> None:
    """Stretch the mark over a window that was read whole, when the two touch."""
    mark, created = SyncMark.objects.select_for_update().get_or_create(
        account=account, stream=stream, defaults={"complete_from": begin, "complete_until": end}
    )
    if created:
        return
    if begin <= mark.complete_until and end >= mark.complete_from:
        mark.complete_from = min(mark.complete_from, begin)
        mark.complete_until = max(mark.complete_until, end)
        mark.save(update_fields=["complete_from", "complete_until"])


def _numbered(
    account: Account, stated: Sequence[Stated], build: Callable[[Account, Stated, str, int], Row]
) -> list[Row]:
    """The account's own rows among those stated, each with its number among equal rows."""
    seen: Counter[str] = Counter()
    rows = []
    for row in stated:
        if row.account == account.number:
            digest = _digest(row)
            rows.append(build(account, row, digest, seen[digest]))
            seen[digest] += 1
    return rows


def _digest(row: PayRecord | Consumption) -> str:
    """A digest of every field as stated; numbers count by their value, so that 1.0 and 1.00 are one amount."""
    fields = {name: getattr(row, name) for name in row.__struct_fields__}
    text = json.dumps(fields, sort_keys=True, default=lambda value: f"{stored(value)}")
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()


def _store(rows: list[Row]) -> int:
    """Keep the rows that are not held yet, and return how many they are."""
    if not rows:
        return 0
    model = type(rows[0])
    held = model._default_manager.filter(account=rows[0].account, digest__in={row.digest for row in rows})
    known = set(held.values_list("digest", "occurrence"))
    new = [row for row in rows if (row.digest, row.occurrence) not in known]
    model._default_manager.bulk_create(new, ignore_conflicts=True)
    return len(new)


def _payment(account: Account, row: PayRecord, digest: str, occurrence: int) -> Payment:
    if row.balance_after is None or row.method is None:
        raise Malformed("GetPayHistory", "a payment does not say its balance or its way")
    return Payment(
        account=account,
        digest=digest,
        occurrence=occurrence,
        balance_after=stored(row.balance_after),
        paid_at=row.paid_at,
        kind=int(row.kind),
        method=int(row.method),
        amount=stored(row.amount),
        memo=row.memo,
    )


def _charge(account: Account, row: Consumption, digest: str, occurrence: int) -> Charge:
    if row.balance_after is None or row.kind is None:
        raise Malformed("GetConsumption", "a charge does not say its balance or its kind")
    item = "" if row.consumption_name is None else str(row.consumption_name)
    return Charge(
        account=account,
        digest=digest,
        occurrence=occurrence,
        balance_after=stored(row.balance_after),
        charged_at=row.charged_at,
        kind=int(row.kind),
        item=item[:100],
        amount=stored(row.money),
    )
