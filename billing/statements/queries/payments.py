"""Payments and other charges in one list. The switch is never asked here."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TypeVar

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum

from accounts.models import Account
from billing.balances.models import Charge, Payment, Stream, SyncMark
from billing.lib.cursors import from_cursor, to_cursor
from billing.topups.models import Source, TopUp, TopUpState, references

Row = TypeVar("Row", Payment, Charge)
Position = tuple[datetime, int]
MOST_LISTED = 1000
MOST_JUST_PAID = 100
# A payment that the switch does not list so long after it was confirmed is not listed under its reference at all.
LISTED_WITHIN = timedelta(days=1)


@dataclass(frozen=True)
class Entry:
    """A payment or a charge. `amount` is what it did to the balance: negative where money was taken.

    Its `row` is the top-up itself until the switch's list, as it was last read, has the payment. `topup` is the
    top-up that a payment came from. `from_elsewhere` says that a payment carries no reference of the portal's.
    `place` orders entries of one instant.
    """

    row: Payment | Charge | TopUp
    at: datetime
    amount: Decimal
    place: int
    topup: TopUp | None = None
    from_elsewhere: bool = False

    @property
    def balance_after(self) -> Decimal | None:
        return self.row.balance_after

    @property
    def cursor(self) -> str:
        return to_cursor(self.at, self.place)


@dataclass(frozen=True)
class Page:
    """Entries, the newest first, with the cursors of the pages beside them; None where the list ends."""

    entries: list[Entry]
    older: str | None
    newer: str | None


def page(*, account: Account, after: str | None = None, before: str | None = None, size: int = 50) -> Page:
    """Read the newest page, or the one that follows the cursor `after` or precedes the cursor `before`.

    The newest page also has what was just paid and is not in the switch's list yet.
    """
    older_than, newer_than = from_cursor(after), from_cursor(before)
    listed = _listed(account, older_than, newer_than, size)
    if older_than or listed.newer:
        return listed
    entries = [*listed.entries, *map(_of_topup, _not_listed_yet(account))]
    return replace(listed, entries=sorted(entries, key=lambda entry: (entry.at, entry.place), reverse=True))


def _not_listed_yet(account: Account) -> QuerySet[TopUp]:
    """Confirmed top-ups that no mirrored payment carries the reference of.

    A voucher card's payment carries none, so that it is here only until the list was read later.
    """
    listed = Payment.objects.filter(account=account, memo__contains=OuterRef("reference"))
    rows = TopUp.objects.filter(~Exists(listed), account=account, state=TopUpState.CONFIRMED, payment__isnull=True)
    mark = SyncMark.objects.filter(account=account, stream=Stream.PAYMENTS).first()
    if mark is not None:
        surely = mark.complete_until - LISTED_WITHIN
        rows = rows.filter(Q(settled_at__gt=mark.complete_until) | ~Q(source=Source.VOUCHER), settled_at__gt=surely)
    return rows.order_by("-settled_at", "-id")[:MOST_JUST_PAID]


def _listed(account: Account, older_than: Position | None, newer_than: Position | None, size: int) -> Page:
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
class EntryList:
    """Entries of a stretch of time, the oldest first. `shown` are the first; `number` and `sum` are of all."""

    shown: list[Entry]
    number: int
    sum: Decimal

    @property
    def left_out(self) -> int:
        return self.number - len(self.shown)


def entries_between(*, account: Account, begin: datetime, end: datetime) -> EntryList:
    """Read the entries from `begin`, included, to `end`, excluded."""
    payments = Payment.objects.filter(account=account, paid_at__gte=begin, paid_at__lt=end)
    charges = Charge.objects.filter(account=account, charged_at__gte=begin, charged_at__lt=end)
    paid = payments.select_related("topup__account").order_by("paid_at", "id")[:MOST_LISTED]
    charged = charges.order_by("charged_at", "id")[:MOST_LISTED]
    entries = [*map(_of_payment, paid), *map(_of_charge, charged)]
    entries.sort(key=lambda entry: (entry.at, entry.place))
    (payment_count, paid_in), (charge_count, taken) = _count_and_sum(payments), _count_and_sum(charges)
    return EntryList(entries[:MOST_LISTED], payment_count + charge_count, paid_in - taken)


def mirrored_until(*, account: Account) -> datetime | None:
    """Return the instant up to which all payments and charges are known; None when not both have been read."""
    marks = SyncMark.objects.filter(account=account).values_list("complete_until", flat=True)
    return min(marks) if len(marks) == len(Stream) else None


def _entries(account: Account, place: Position | None, size: int, *, newer: bool) -> list[Entry]:
    """One entry more than `size`, if there are so many, by their distance from `place`."""
    payments = Payment.objects.filter(account=account).select_related("topup")
    charges = Charge.objects.filter(account=account)
    entries = [_of_payment(row) for row in _beyond(payments, "paid_at", 1, place, newer)[: size + 1]]
    entries += [_of_charge(row) for row in _beyond(charges, "charged_at", 0, place, newer)[: size + 1]]
    return sorted(entries, key=lambda entry: (entry.at, entry.place), reverse=not newer)[: size + 1]


def _beyond(rows: QuerySet[Row], at: str, parity: int, place: Position | None, newer: bool) -> QuerySet[Row]:
    """The rows that are newer or older than a place in the list, nearest first, found by their keys."""
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


def _count_and_sum(rows: QuerySet[Row]) -> tuple[int, Decimal]:
    sums = rows.aggregate(number=Count("id"), sum=Sum("amount", default=Decimal(0)))
    return sums["number"], sums["sum"]


def _of_payment(row: Payment) -> Entry:
    topup: TopUp | None = getattr(row, "topup", None)
    from_elsewhere = topup is None and not references(row.memo)
    return Entry(row, row.paid_at, row.amount, 2 * row.pk + 1, topup, from_elsewhere)


def _of_topup(row: TopUp) -> Entry:
    return Entry(row, row.settled_at or row.requested_at, row.amount, 2 * row.pk + 1, row)


def _of_charge(row: Charge) -> Entry:
    return Entry(row, row.charged_at, -row.amount, 2 * row.pk)
