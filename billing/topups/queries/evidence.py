"""What surrounds a top-up that a person has to judge: the account's money around the sending, and what came later."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from django.db.models import QuerySet

from billing.balances.models import BalanceReading, Charge, Payment, Stream, SyncMark
from billing.calls.models import Call
from billing.topups.models import LookUp, Reissue, TopUp, Transition, references

# Calls and readings of the balance this near to the sending; payments as far as the switch's clock may be wrong.
NEAR = timedelta(minutes=10)
MOST_OF_EACH = 30
MOST_LOOKUPS = 200


class Tie(StrEnum):
    """Whose a payment is, as far as its row tells."""

    THIS = "this top-up"
    CANDIDATE = "could be this top-up"
    ANOTHER = "another top-up"
    NAMES_ANOTHER = "names another reference"
    ELSEWHERE = "from elsewhere"


@dataclass(frozen=True)
class Moment:
    """Something that happened to the account. `amount` is signed; a reading of the balance has none."""

    at: datetime
    what: str
    amount: Decimal | None
    balance_after: Decimal | None
    memo: str = ""
    tie: Tie | None = None
    topup: TopUp | None = None
    itself: bool = False

    @property
    def mark(self) -> str:
        """What sets it apart from the others."""
        return "itself" if self.itself else "candidate" if self.tie == Tie.CANDIDATE else ""


@dataclass(frozen=True)
class Stated:
    """A payment as the switch listed it when somebody looked."""

    at: datetime
    amount: Decimal
    balance_after: Decimal
    memo: str

    @classmethod
    def of(cls, rows: Iterable[Mapping[str, str]]) -> list[Stated]:
        return [
            cls(datetime.fromisoformat(row["at"]), Decimal(row["amount"]), Decimal(row["balance_after"]), row["memo"])
            for row in rows
        ]


@dataclass(frozen=True)
class Look:
    row: LookUp
    found: list[Stated]
    candidates: list[Stated]


@dataclass(frozen=True)
class Seen:
    """`lookups` are the newest ones, oldest first; `similar` are other top-ups of the account and amount since then."""

    transitions: list[Transition]
    lookups: list[Look]
    lookups_left_out: int
    moments: list[Moment]
    mirrored_until: datetime | None
    similar: list[TopUp]
    reissues: list[Reissue]


def seen(topup: TopUp) -> Seen:
    looks = list(topup.lookups.order_by("-id")[:MOST_LOOKUPS])[::-1]
    mark = SyncMark.objects.filter(account=topup.account, stream=Stream.PAYMENTS).first()
    return Seen(
        transitions=list(topup.transitions.select_related("by")),
        lookups=[Look(look, Stated.of(look.found), Stated.of(look.candidates)) for look in looks],
        lookups_left_out=topup.lookups.count() - len(looks),
        moments=_moments(topup),
        mirrored_until=mark.complete_until if mark else None,
        similar=list(_similar(topup)),
        reissues=list(topup.reissues.select_related("requested_by", "answered_by").order_by("id")),
    )


def _similar(topup: TopUp) -> QuerySet[TopUp]:
    others = TopUp.objects.filter(
        account=topup.account, kind=topup.kind, amount=topup.amount, requested_at__gte=topup.requested_at - NEAR
    )
    return others.exclude(pk=topup.pk).order_by("id")[:MOST_OF_EACH]


def _moments(topup: TopUp) -> list[Moment]:
    """Nothing before it was sent, or asked for, can be it; what happened after is told up to the same span."""
    at, tolerance = topup.sent_at or topup.requested_at, topup.account.switch.clock_tolerance
    far, near = (at - tolerance, at + tolerance), (at - NEAR, at + NEAR)
    of_account = {"account": topup.account}
    payments = Payment.objects.filter(**of_account, paid_at__range=far).select_related("topup").order_by("paid_at")
    charges = Charge.objects.filter(**of_account, charged_at__range=far).order_by("charged_at")
    calls = Call.objects.filter(**of_account, started_at__range=near, fee__gt=0).order_by("started_at")
    readings = BalanceReading.objects.filter(**of_account, at__range=near).order_by("at")
    moments = [_payment(row, topup) for row in payments[:MOST_OF_EACH]]
    moments += [
        Moment(row.charged_at, row.get_kind_display(), -row.amount, row.balance_after) for row in charges[:MOST_OF_EACH]
    ]
    moments += [Moment(row.ended_at, f"call to {row.callee}", -row.fee, None) for row in calls[:MOST_OF_EACH]]
    moments += [Moment(row.at, "balance read", None, row.balance) for row in readings[:MOST_OF_EACH]]
    moments.append(Moment(at, "sent" if topup.sent_at else "asked for", topup.amount, None, itself=True))
    return sorted(moments, key=lambda moment: moment.at)


def _payment(row: Payment, topup: TopUp) -> Moment:
    owner: TopUp | None = getattr(row, "topup", None)
    tie = _tie(row, owner, topup)
    return Moment(row.paid_at, row.get_kind_display(), row.amount, row.balance_after, row.memo, tie, owner)


def _tie(row: Payment, owner: TopUp | None, topup: TopUp) -> Tie:
    if owner is not None:
        return Tie.THIS if owner == topup else Tie.ANOTHER
    named = set(references(row.memo))
    if named - {topup.reference}:
        return Tie.NAMES_ANOTHER
    if named or row.amount == topup.amount:
        return Tie.CANDIDATE
    return Tie.ELSEWHERE
