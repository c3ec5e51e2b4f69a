"""Look-ups of top-ups in the switch's payment history, each written down with what it showed (manual §3.46)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Self

from accounts.models import Account
from billing.switches.services import clients
from billing.topups.models import LookUp, TopUp, references
from billing.vos3000 import Client, SwitchError
from billing.vos3000.operations.payments import PayRecord, get_pay_history
from billing.vos3000.times import ANY_ZONE

MOST_CANDIDATES = 20


@dataclass(frozen=True)
class Window:
    """The time for which payments are asked, and when that was asked.

    A reference is found wherever it is, so the time is wide enough for a zone and a clock that are set wrong. What
    carries no reference could be a top-up only within the clock's tolerance.
    """

    asked_at: datetime
    begin: datetime
    end: datetime

    @classmethod
    def of(cls, topups: Sequence[TopUp], now: datetime) -> Self:
        """Begin when the first of one account's top-ups was sent, with room for whatever zone the switch may be in."""
        return cls(now, min(since(topup) for topup in topups) - ANY_ZONE, now + ANY_ZONE)


@dataclass(frozen=True)
class Shown:
    """What one reading of an account's payments shows of its top-ups."""

    total: int
    by_reference: dict[str, list[PayRecord]]
    without_reference: dict[Decimal, list[PayRecord]]

    @classmethod
    def by(cls, rows: Sequence[PayRecord]) -> Self:
        marked: dict[str, list[PayRecord]] = defaultdict(list)
        unmarked: dict[Decimal, list[PayRecord]] = defaultdict(list)
        for row in rows:
            named = set(references(row.memo))
            for reference in named:
                marked[reference].append(row)
            if not named:
                unmarked[row.amount].append(row)
        return cls(len(rows), marked, unmarked)

    def found(self, topup: TopUp) -> Sequence[PayRecord]:
        return self.by_reference.get(topup.reference, [])

    def candidates(self, topup: TopUp) -> Sequence[PayRecord]:
        """The payments of the same amount that carry no reference, and are not older than the sending."""
        first = since(topup) - topup.account.switch.clock_tolerance
        return [row for row in self.without_reference.get(topup.amount, []) if row.paid_at >= first]


def since(topup: TopUp) -> datetime:
    return topup.sent_at or topup.requested_at


def note(*, topups: Sequence[TopUp], window: Window, rows: Sequence[PayRecord]) -> Shown:
    """Write down what a complete reading showed, for each of the account's top-ups that were looked for."""
    shown = Shown.by(rows)
    LookUp.objects.bulk_create(_lookup(topup, window, shown) for topup in topups)
    return shown


def note_failure(*, topups: Sequence[TopUp], window: Window, error: SwitchError) -> None:
    """Write down that a look failed. The same failure is written once: a switch may be out of reach for days."""
    failure = str(error)[:200]
    last = LookUp.objects.filter(topup__in=topups).order_by("topup_id", "-id").distinct("topup_id")
    known = {look.topup_id for look in last if look.failure == failure}
    LookUp.objects.bulk_create(
        LookUp(topup=topup, at=window.asked_at, begins_at=window.begin, ends_at=window.end, failure=failure)
        for topup in topups
        if topup.pk not in known
    )


def look(*, topup: TopUp, now: datetime) -> LookUp:
    """Look for one top-up now, whatever its state. Raises what a question to the switch can raise."""
    window = Window.of([topup], now)
    with clients.client(topup.account.switch) as client:
        rows = payments_within(client, topup.account, window)
    lookup = _lookup(topup, window, Shown.by(rows))
    lookup.save()
    return lookup


def payments_within(client: Client, account: Account, window: Window) -> Sequence[PayRecord]:
    """Read all of an account's payments. A row that cannot be read may be the one looked for: raises Malformed."""
    rows = get_pay_history(client, account=account.number, begin=window.begin, end=window.end)
    return rows.whole("GetPayHistory")


def listed(rows: Sequence[PayRecord]) -> list[dict[str, str]]:
    """Payments as they are kept in JSON beside a top-up, at most MOST_CANDIDATES."""
    return [
        {
            "at": row.paid_at.isoformat(),
            "amount": str(row.amount),
            "balance_after": str(row.balance_after),
            "memo": row.memo[:100],
        }
        for row in rows[:MOST_CANDIDATES]
    ]


def _lookup(topup: TopUp, window: Window, shown: Shown) -> LookUp:
    return LookUp(
        topup=topup,
        at=window.asked_at,
        begins_at=window.begin,
        ends_at=window.end,
        rows=shown.total,
        found=listed(shown.found(topup)),
        candidates=listed(shown.candidates(topup)),
    )
