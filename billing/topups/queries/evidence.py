"""The evidence about a top-up that a person has to judge: its steps, its look-ups, and the account's money then."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import models
from django.db.models import QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from billing.balances.models import BalanceReading, Charge, Payment, Stream, SyncMark
from billing.calls.models import Call
from billing.topups.models import LookUp, Reissue, TopUp, Transition, references

# Calls and readings of the balance this near to the sending; payments as far as the switch's clock may be wrong.
NEAR = timedelta(minutes=10)
MOST_OF_EACH = 30
MOST_LOOKUPS = 200


class Match(models.TextChoices):
    """Which top-up a payment belongs to, as far as its row tells."""

    THIS = "this", _("this top-up")
    CANDIDATE = "candidate", _("could be this top-up")
    ANOTHER = "another", _("another top-up")
    NAMES_ANOTHER = "names_another", _("names another reference")
    ELSEWHERE = "elsewhere", _("from elsewhere")


@dataclass(frozen=True)
class Moment:
    """One event of the account. `amount` is signed; a reading of the balance has none.

    `itself` marks the sending of the top-up that is judged.
    """

    at: datetime
    what: str
    amount: Decimal | None
    balance_after: Decimal | None
    memo: str = ""
    match: Match | None = None
    topup: TopUp | None = None
    itself: bool = False

    @property
    def mark(self) -> str:
        """How the row is marked on the page, if at all."""
        return "itself" if self.itself else "candidate" if self.match == Match.CANDIDATE else ""


@dataclass(frozen=True)
class ListedPayment:
    """A payment as the switch listed it at a look-up."""

    at: datetime
    amount: Decimal
    balance_after: Decimal
    memo: str

    @classmethod
    def of(cls, rows: Iterable[Mapping[str, str]]) -> list[ListedPayment]:
        return [
            cls(datetime.fromisoformat(row["at"]), Decimal(row["amount"]), Decimal(row["balance_after"]), row["memo"])
            for row in rows
        ]


@dataclass(frozen=True)
class Look:
    """One look-up with the payments that it showed."""

    row: LookUp
    found: list[ListedPayment]
    candidates: list[ListedPayment]


@dataclass(frozen=True)
class Evidence:
    """All evidence about one top-up.

    `lookups` are the newest ones, oldest first; `similar` are other top-ups of the account and amount since then.
    """

    transitions: list[Transition]
    lookups: list[Look]
    lookups_left_out: int
    moments: list[Moment]
    mirrored_until: datetime | None
    similar: list[TopUp]
    reissues: list[Reissue]


def evidence_of(topup: TopUp) -> Evidence:
    looks = list(topup.lookups.order_by("-id")[:MOST_LOOKUPS])[::-1]
    mark = SyncMark.objects.filter(account=topup.account, stream=Stream.PAYMENTS).first()
    return Evidence(
        transitions=list(topup.transitions.select_related("by")),
        lookups=[Look(look, ListedPayment.of(look.found), ListedPayment.of(look.candidates)) for look in looks],
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
    """List what happened to the account around the sending.

    Payments and charges reach as far as the switch's clock may be wrong; calls and readings are those near to it.
    """
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
    moments += [
        Moment(row.ended_at, gettext("call to %(number)s") % {"number": row.callee}, -row.fee, None)
        for row in calls[:MOST_OF_EACH]
    ]
    moments += [Moment(row.at, gettext("balance read"), None, row.balance) for row in readings[:MOST_OF_EACH]]
    moments.append(
        Moment(at, gettext("sent") if topup.sent_at else gettext("asked for"), topup.amount, None, itself=True)
    )
    return sorted(moments, key=lambda moment: moment.at)


def _payment(row: Payment, topup: TopUp) -> Moment:
    owner: TopUp | None = getattr(row, "topup", None)
    match = _match(row, owner, topup)
    return Moment(row.paid_at, row.get_kind_display(), row.amount, row.balance_after, row.memo, match, owner)


def _match(row: Payment, owner: TopUp | None, topup: TopUp) -> Match:
    if owner is not None:
        return Match.THIS if owner == topup else Match.ANOTHER
    named = set(references(row.memo))
    if named - {topup.reference}:
        return Match.NAMES_ANOTHER
    if named or row.amount == topup.amount:
        return Match.CANDIDATE
    return Match.ELSEWHERE
