"""Payments and other charges, mirrored from the switch (manual §3.46 and §3.64).

Their rows have no id there. Equal rows are told apart by counting: the rows of one instant always arrive together, so
the first of equal rows is always number 0 and the second number 1, however often and in whatever window they are read.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Generic, TypeVar

from django.db import transaction

from accounts.models import Account
from billing.balances.models import Charge, Payment, Stream, SyncMark
from billing.lib.amounts import is_money, stored
from billing.lib.locks import hold
from billing.lib.reasons import Because
from billing.switches.models import AnswerFault, UnusableAnswer
from billing.switches.services import unusable_answers
from billing.switches.services.clients import client
from billing.switches.services.failures import UNUSABLE_ANSWERS, is_unusable
from billing.switches.services.unusable_answers import why_unusable
from billing.vos3000 import Listed, SwitchError, UnexpectedStatus
from billing.vos3000.operations.payments import Consumption, PayRecord, get_consumption, get_pay_history

FIRST_TIME = timedelta(days=90)
LONGEST_WINDOW = timedelta(days=31)
# The switch's rows may arrive late, and its clock may be behind the portal's.
OVERLAP = timedelta(hours=1)
LONGEST_MIRRORING = timedelta(minutes=5)
PAY_HISTORY, CONSUMPTION = "GetPayHistory", "GetConsumption"

Stated = TypeVar("Stated", PayRecord, Consumption)
Row = TypeVar("Row", Payment, Charge)


@dataclass(frozen=True)
class NewRows:
    """How many payments and charges were new."""

    payments: int = 0
    charges: int = 0


@dataclass
class Read(Generic[Row]):
    """What one window holds of an account, and why rows of it cannot be used."""

    rows: list[Row]
    unusable: list[Because]


@dataclass(frozen=True)
class Reading(Generic[Row]):
    """How one of the two lists is read: `window` asks for what happened between two instants."""

    account: Account
    stream: Stream
    operation: str
    window: Callable[[datetime, datetime], Read[Row]]


def mirror(*, account: Account, now: datetime, since: datetime | None = None, only_due: bool = False) -> NewRows:
    """Read an account's new payments and charges. Raises SwitchError; the windows read whole before it are kept.

    `since` reads again from there; nothing is written twice. A second process does nothing while the first still reads.
    A build without GetConsumption has no charges, and no mark that says that they were read.

    A row that cannot be used is noted and the others are kept, but the mark stays before it. With `only_due` all since
    the mark is read again only when it is its turn; until then what is new is read.
    """
    with hold(f"payments:{account.pk}", longest=LONGEST_MIRRORING) as lock:
        if lock is None:
            return NewRows()
        with client(account.switch) as asking:

            def payments(begin: datetime, end: datetime) -> Read[Payment]:
                listed = get_pay_history(asking, account=account.number, begin=begin, end=end)
                return _numbered(account, listed, _payment)

            def charges(begin: datetime, end: datetime) -> Read[Charge]:
                listed = get_consumption(asking, account=account.number, begin=begin, end=end)
                return _numbered(account, listed, _charge)

            paid = Reading(account, Stream.PAYMENTS, PAY_HISTORY, payments)
            charged = Reading(account, Stream.CHARGES, CONSUMPTION, charges)
            new_payments = _read(paid, since, now, only_due=only_due)
            try:
                return NewRows(new_payments, _read(charged, since, now, only_due=only_due))
            except UnexpectedStatus as error:
                if not error.not_on_this_build:
                    raise
                return NewRows(new_payments)


def _read(reading: Reading[Row], since: datetime | None, now: datetime, *, only_due: bool) -> int:
    """Read what is new, note what cannot be used of it, and return how many rows were new."""
    account = reading.account
    about: dict[str, Any] = {"switch": account.switch, "operation": reading.operation}
    held = UnusableAnswer.objects.filter(number=account.number, **about).first()
    is_due = held is None or not only_due or held.next_try_at <= now
    if held and not is_due and held.why.reason in UNUSABLE_ANSWERS:
        return 0
    try:
        if held and not is_due:
            # A mark that stays before a bad row must not be moved by what is read behind it.
            return _read_windows(reading, held.tried_at - OVERLAP, now, moves_mark=False).new
        mark = SyncMark.objects.filter(account=account, stream=reading.stream).first()
        begin = mark.complete_until - OVERLAP if mark else now - FIRST_TIME
        # With `since` everything from there on is read again, because a mark speaks of one unbroken stretch.
        found = _read_windows(reading, min(begin, since or begin), now, moves_mark=True)
    except SwitchError as error:
        if is_unusable(error):
            unusable_answers.note(failed={account.number: why_unusable(error)}, now=now, **about)
        raise
    if found.unusable:
        unusable_answers.note(failed={account.number: found.unusable[0]}, now=now, **about)
    elif held:
        unusable_answers.settle(numbers=[account.number], **about)
    return found.new


@dataclass
class Windows:
    """What reading some windows came to."""

    new: int = 0
    unusable: list[Because] = field(default_factory=list)


def _read_windows(reading: Reading[Row], begin: datetime, now: datetime, *, moves_mark: bool) -> Windows:
    """Read window after window up to now, and keep each, with its mark up to the first row that cannot be used."""
    done = Windows()
    while begin < now:
        end = min(begin + LONGEST_WINDOW, now)
        # The switch's clock may be ahead of the portal's: the last window looks a little into the future.
        ahead = reading.account.switch.clock_tolerance if end == now else timedelta(0)
        found = reading.window(begin, end + ahead)
        done.unusable += found.unusable
        with transaction.atomic():
            done.new += _store(found.rows)
            if moves_mark and not done.unusable:
                _move_mark(reading.account, reading.stream, begin, end)
        begin = end
    return done


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


def _numbered(account: Account, stated: Listed[Stated], build: Callable[[Account, Stated, str, int], Row]) -> Read[Row]:
    """The account's own rows among those stated, each with its number among equal rows."""
    seen: Counter[str] = Counter()
    # A row that does not say whose it is came in answer to a request for this account alone.
    unusable = [why_unusable(row) for row in stated.unreadable if row.name in ("", account.number)]
    rows = []
    for row in stated:
        if row.account == account.number:
            try:
                digest = _digest(row)
                rows.append(build(account, row, digest, seen[digest]))
            except UnusableRow as error:
                unusable.append(error.why)
                continue
            seen[digest] += 1
    return Read(rows, unusable)


class UnusableRow(Exception):
    """A payment or charge that can be read and not kept."""

    def __init__(self, why: Because) -> None:
        super().__init__(why)
        self.why = why


def _stated(value: Decimal | None, field_name: str) -> Decimal:
    """An amount as it is kept. Raises UnusableRow."""
    if value is None:
        raise UnusableRow(Because(AnswerFault.NOT_STATED, {"field": field_name}))
    if not is_money(value):
        raise UnusableRow(Because(AnswerFault.IMPOSSIBLE))
    return stored(value)


def _code(value: int | None, field_name: str) -> int:
    if value is None:
        raise UnusableRow(Because(AnswerFault.NOT_STATED, {"field": field_name}))
    return int(value)


def _digest(row: PayRecord | Consumption) -> str:
    """A digest of every field as stated; numbers count by their value, so that 1.0 and 1.00 are one amount."""
    fields = {name: getattr(row, name) for name in row.__struct_fields__}
    text = json.dumps(fields, sort_keys=True, default=lambda value: f"{_stated(value, '')}")
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
    return Payment(
        account=account,
        digest=digest,
        occurrence=occurrence,
        balance_after=_stated(row.balance_after, "customerMoney"),
        paid_at=row.paid_at,
        kind=int(row.kind),
        method=_code(row.method, "payType"),
        amount=_stated(row.amount, "fee"),
        memo=row.memo,
    )


def _charge(account: Account, row: Consumption, digest: str, occurrence: int) -> Charge:
    item = "" if row.consumption_name is None else str(row.consumption_name)
    return Charge(
        account=account,
        digest=digest,
        occurrence=occurrence,
        balance_after=_stated(row.balance_after, "customerMoney"),
        charged_at=row.charged_at,
        kind=_code(row.kind, "type"),
        item=item[:100],
        amount=_stated(row.money, "money"),
    )
