"""Payments and other charges together, newest first, read by key. The switch is never asked here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TypeVar

from django.db.models import Count, IntegerChoices, Q, QuerySet, Sum

from accounts.models import Account
from billing.balances.models import Charge, Payment, Stream, SyncMark
from billing.lib.cursors import from_cursor, to_cursor
from billing.topups.models import TopUp, references

Row = TypeVar("Row", Payment, Charge)
Position = tuple[datetime, int]
MOST_LISTED = 1000


@dataclass(frozen=True)
class Entry:
    """`amount` is signed: what it did to the balance. `topup` is the one that this payment came from.

    `elsewhere` is a payment that carries no reference of the portal's.
    """

    at: datetime
    label: str
    amount: Decimal
    balance_after: Decimal
    memo: str
    topup: TopUp | None
    place: int
    elsewhere: bool = False

    @property
    def reference(self) -> str:
        return self.topup.reference if self.topup else ""

    @property
    def cursor(self) -> str:
        return to_cursor(self.at, self.place)


@dataclass(frozen=True)
class Page:
    """`older` and `newer` are the cursors for `after` and `before`; None where the list ends."""

    entries: list[Entry]
    older: str | None
    newer: str | None


def page(*, account: Account, after: str | None = None, before: str | None = None, size: int = 50) -> Page:
    older_than, newer_than = from_cursor(after), from_cursor(before)
    if newer_than and not older_than:
        rows = _entries(account, newer_than, size, newer=True)
        shown = rows[:size][::-1]
        return Page(
            shown,
            older=shown[-1].cursor if shown else None,
            newer=shown[0].cursor if len(rows) > size else None,
        )
    rows = _entries(account, older_than, size, newer=False)
    shown = rows[:size]
    return Page(
        shown,
        older=shown[-1].cursor if len(rows) > size else None,
        newer=shown[0].cursor if shown and older_than else None,
    )


@dataclass(frozen=True)
class Listed:
    """Oldest first, at most `MOST_LISTED`; `number` and `sum` are of all there are."""

    entries: list[Entry]
    number: int
    sum: Decimal

    @property
    def left_out(self) -> int:
        return self.number - len(self.entries)


def listed(*, account: Account, begin: datetime, end: datetime) -> Listed:
    """All of a stretch of time, up to but without `end`."""
    payments = Payment.objects.filter(account=account, paid_at__gte=begin, paid_at__lt=end)
    charges = Charge.objects.filter(account=account, charged_at__gte=begin, charged_at__lt=end)
    paid = payments.select_related("topup__account").order_by("paid_at", "id")[:MOST_LISTED]
    charged = charges.order_by("charged_at", "id")[:MOST_LISTED]
    entries = [*map(_of_payment, paid), *map(_of_charge, charged)]
    entries.sort(key=lambda entry: (entry.at, entry.place))
    plus, minus = _added_up(payments), _added_up(charges)
    return Listed(entries[:MOST_LISTED], plus[0] + minus[0], plus[1] - minus[1])


def mirrored_until(*, account: Account) -> datetime | None:
    """Up to when payments and charges are surely all here."""
    marks = SyncMark.objects.filter(account=account).values_list("complete_until", flat=True)
    return min(marks) if len(marks) == len(Stream) else None


def _entries(account: Account, place: Position | None, size: int, *, newer: bool) -> list[Entry]:
    """One more than `size`, in the order of reading."""
    payments = Payment.objects.filter(account=account).select_related("topup")
    charges = Charge.objects.filter(account=account)
    entries = [_of_payment(row) for row in _beyond(payments, "paid_at", 1, place, newer)[: size + 1]]
    entries += [_of_charge(row) for row in _beyond(charges, "charged_at", 0, place, newer)[: size + 1]]
    return sorted(entries, key=lambda entry: (entry.at, entry.place), reverse=not newer)[: size + 1]


def _beyond(rows: QuerySet[Row], at: str, parity: int, place: Position | None, newer: bool) -> QuerySet[Row]:
    order = (at, "id") if newer else (f"-{at}", "-id")
    if place:
        # At one instant payments and charges mix by `place`, which is twice the id and one more for a payment.
        instant, number = place
        if newer:
            rows = rows.filter(**{f"{at}__gte": instant}).filter(
                Q(**{f"{at}__gt": instant}) | Q(id__gt=(number - parity) // 2)
            )
        else:
            rows = rows.filter(**{f"{at}__lte": instant}).filter(
                Q(**{f"{at}__lt": instant}) | Q(id__lt=-((parity - number) // 2))
            )
    return rows.order_by(*order)


def _added_up(rows: QuerySet[Row]) -> tuple[int, Decimal]:
    sums = rows.aggregate(number=Count("id"), sum=Sum("amount", default=Decimal(0)))
    return sums["number"], sums["sum"]


def _of_payment(row: Payment) -> Entry:
    label = "Voucher card" if row.method == Payment.Method.VOUCHER else _label(Payment.Kind, row.kind, "Payment")
    topup = getattr(row, "topup", None)
    elsewhere = topup is None and not references(row.memo)
    return Entry(row.paid_at, label, row.amount, row.balance_after, row.memo, topup, 2 * row.pk + 1, elsewhere)


def _of_charge(row: Charge) -> Entry:
    label = _label(Charge.Kind, row.kind, "Charge")
    # The switch names what it charged for by a number of its own, and by 0 what has none.
    item = f"No. {row.item}" if row.item.strip("0") else ""
    return Entry(row.charged_at, label, -row.amount, row.balance_after, item, None, 2 * row.pk)


def _label(kinds: type[IntegerChoices], code: int, otherwise: str) -> str:
    """Switches may know kinds that the manual does not."""
    return kinds(code).label.capitalize() if code in kinds else otherwise
