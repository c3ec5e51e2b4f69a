"""How batches of top-ups stand: their lines, the outcome of each, and how many have ended.

A top-up that a person found not applied may have been issued again: then its re-issue counts in its place.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Case, Count, Q, QuerySet, Sum, Value, When
from django.db.models import CharField as Text
from django.db.models.enums import TextChoices
from django.utils.translation import gettext_lazy as _

from accounts.models import Account
from billing.batches.models import Batch, BatchRow, BatchState
from billing.lib.amounts import ZERO
from billing.lib.reasons import Because
from billing.topups.models import DOUBTFUL, UNSETTLED, Kind, TopUp, TopUpState

MARKED = Q(problem__isnull=False) | Q(warning__isnull=False)
NOT_APPLIED = Q(topup__state=TopUpState.NOT_APPLIED) | Q(topup__debit__state=TopUpState.NOT_APPLIED)


def reissued(rows: QuerySet[BatchRow]) -> dict[int, TopUp]:
    """The credit that was issued last for each row, by the row's id; rows without a re-issue are left out."""
    latest: dict[int, TopUp] = {}
    current = {row.pk: row.topup for row in rows.filter(NOT_APPLIED).select_related("topup") if row.topup is not None}
    while current:
        following = _following(list(current.values()))
        current = {pk: following[topup.pk] for pk, topup in current.items() if topup.pk in following}
        latest.update(current)
    return latest


def _following(old_credits: list[TopUp]) -> dict[int, TopUp]:
    """The credit that was issued in place of each, by the old one's id; a new debit brings a new credit too."""
    by_leg = {topup.debit_id: topup.pk for topup in old_credits if topup.debit_id} | {
        topup.pk: topup.pk for topup in old_credits
    }
    issued = TopUp.objects.filter(kind=Kind.CREDIT).select_related("debit")
    found = issued.filter(Q(reissue_of__in=by_leg) | Q(debit__reissue_of__in=by_leg))
    old = ((topup, topup.reissue_of_id or (topup.debit.reissue_of_id if topup.debit else None)) for topup in found)
    return {by_leg[leg]: topup for topup, leg in old if leg is not None}


class RowOutcome(TextChoices):
    """How the top-up of one row stands. Until a transfer's debit has ended, it is the debit that counts."""

    READY = "ready", _("ready")
    WAITING = "waiting", _("waiting")
    SENDING = "sending", _("on its way")
    CHECKING = "checking", _("being checked")
    PAID = "paid", _("confirmed")
    UNPAID = "unpaid", _("not paid")


class Show(TextChoices):
    """Which rows of a batch are listed."""

    ALL = "all", _("All")
    MARKED = "marked", _("Marked")
    UNPAID = "unpaid", _("Not paid")
    CHECKING = "checking", _("Being checked")


@dataclass(frozen=True)
class Part:
    """The rows of one outcome. `amount` is the sum of what can be read as an amount."""

    outcome: RowOutcome
    count: int
    amount: Decimal


@dataclass(frozen=True)
class Progress:
    """How far a batch has come. `marked` counts the rows with a problem or a warning."""

    parts: tuple[Part, ...]
    marked: int

    def part(self, outcome: RowOutcome) -> Part:
        return next((part for part in self.parts if part.outcome == outcome), Part(outcome, 0, ZERO))

    @property
    def count(self) -> int:
        return sum(part.count for part in self.parts)

    @property
    def payable(self) -> Part:
        """The rows that are to be paid or were: all but those that are not paid."""
        parts = [part for part in self.parts if part.outcome != RowOutcome.UNPAID]
        return Part(RowOutcome.READY, sum(part.count for part in parts), sum((part.amount for part in parts), ZERO))

    @property
    def ended(self) -> int:
        return self.part(RowOutcome.PAID).count + self.part(RowOutcome.UNPAID).count

    @property
    def is_moving(self) -> bool:
        return bool(self.part(RowOutcome.WAITING).count + self.part(RowOutcome.SENDING).count)

    @property
    def is_final(self) -> bool:
        return self.ended == self.count


@dataclass(frozen=True)
class Row:
    """One row as it is shown. `written` is the amount as it stood in the file, `why` the reason that it is not paid."""

    line: int
    number: str
    account: Account | None
    written: str
    amount: Decimal | None
    note: str
    outcome: RowOutcome
    topup: TopUp | None
    why: Because | None
    warning: Because | None


@dataclass(frozen=True)
class Page:
    """Some rows in the order of the file. `following` is the `after` of the next page, None on the last."""

    rows: list[Row]
    following: str | None


def find(*, agent: Account, reference: str) -> Batch | None:
    related = ("agent__switch", "uploaded_by", "confirmed_by", "follows")
    return Batch.objects.filter(agent=agent, reference=reference).select_related(*related).first()


def latest(*, agent: Account, most: int = 50) -> QuerySet[Batch]:
    """The newest batches first, each with `lines`, and with `paid` and `paid_amount` of those that are confirmed."""
    of_agent = BatchRow.objects.filter(batch__agent=agent)
    again = [row for row, topup in reissued(of_agent).items() if topup.state == TopUpState.CONFIRMED]
    paid = Q(rows__topup__state=TopUpState.CONFIRMED) | Q(rows__in=again)
    return (
        Batch.objects.filter(agent=agent)
        .select_related("uploaded_by")
        .annotate(
            lines=Count("rows"),
            paid=Count("rows", filter=paid),
            paid_amount=Sum("rows__amount", filter=paid, default=0),
        )
        .order_by("-id")[:most]
    )


def progress(batch: Batch) -> Progress:
    sums = (
        batch.rows.annotate(outcome=_outcome(batch))
        .order_by()
        .values_list("outcome")
        .annotate(count=Count("pk"), sum=Sum("amount", default=ZERO))
    )
    parts = tuple(Part(RowOutcome(outcome), count, amount) for outcome, count, amount in sums)
    return Progress(parts, marked=batch.rows.filter(MARKED).count())


def page(*, batch: Batch, show: Show = Show.ALL, after: str = "", size: int = 100) -> Page:
    place = int(after) if after.isascii() and after.isdigit() and len(after) < 10 else 0
    found = rows(batch=batch, show=show, after=place, most=size + 1)
    return Page(found[:size], following=str(found[size - 1].line) if len(found) > size else None)


def rows(*, batch: Batch, show: Show = Show.ALL, after: int = 0, most: int | None = None) -> list[Row]:
    again = reissued(batch.rows.all())
    found = batch.rows.annotate(outcome=_outcome(batch)).filter(line__gt=after).select_related("account", "topup")
    match show:
        case Show.MARKED:
            found = found.filter(MARKED)
        case Show.UNPAID | Show.CHECKING:
            found = found.filter(outcome=show.value)
    return [_row(row, RowOutcome(row.outcome), again.get(row.pk)) for row in found.order_by("line")[:most]]


def untried(batch: Batch) -> list[BatchRow]:
    """Rows that were surely not paid, have an amount, and were not tried again since.

    Rows that a person found not applied are left out: staff may re-issue them, and they might be paid twice.
    """
    unpaid = batch.rows.annotate(outcome=_outcome(batch)).filter(outcome=RowOutcome.UNPAID)
    unpaid = unpaid.filter(amount__isnull=False, tried_again__isnull=True)
    return list(unpaid.exclude(pk__in=batch.rows.filter(NOT_APPLIED).values("pk")).order_by("line"))


def _row(row: BatchRow, outcome: RowOutcome, again: TopUp | None) -> Row:
    topup = again or row.topup
    why = row.problem or (topup.why if topup is not None and outcome != RowOutcome.PAID else None)
    return Row(
        row.line,
        row.account_text,
        row.account,
        row.amount_text,
        row.amount,
        row.note,
        outcome,
        topup,
        why,
        row.warning,
    )


def _outcome(batch: Batch) -> Case:
    """The expression by which the database works out the outcome of each row."""
    without = RowOutcome.READY if batch.state == BatchState.UPLOADED else RowOutcome.WAITING
    again = [When(pk=row, then=Value(_outcome_of(topup))) for row, topup in reissued(batch.rows.all()).items()]
    return Case(
        When(problem__isnull=False, then=Value(RowOutcome.UNPAID)),
        *again,
        When(topup__isnull=True, then=Value(without)),
        When(Q(topup__state__in=DOUBTFUL) | Q(topup__debit__state__in=DOUBTFUL), then=Value(RowOutcome.CHECKING)),
        When(topup__state__in=UNSETTLED, then=Value(RowOutcome.SENDING)),
        When(topup__state=TopUpState.CONFIRMED, then=Value(RowOutcome.PAID)),
        default=Value(RowOutcome.UNPAID),
        output_field=Text(),
    )


def _outcome_of(topup: TopUp) -> RowOutcome:
    """The outcome of one re-issue. There are few, so that each is worked out here and not by the database."""
    legs = {topup.state, *([topup.debit.state] if topup.debit else [])}
    if legs & set(DOUBTFUL):
        return RowOutcome.CHECKING
    if topup.state in UNSETTLED:
        return RowOutcome.SENDING
    return RowOutcome.PAID if topup.state == TopUpState.CONFIRMED else RowOutcome.UNPAID
