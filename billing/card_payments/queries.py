"""How a payment by card stands, its credit included, and which payments are received and not credited."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db.models import F, Q, QuerySet, Sum, TextChoices
from django.utils.translation import gettext_lazy as _

from accounts.models import Account
from billing.card_payments.models import (
    RECEIVED,
    CardPayment,
    CardPaymentState,
    CardReversal,
    ReversalKind,
    ReversalState,
)
from billing.card_payments.models.reversals import TAKES_MONEY
from billing.lib.reasons import Because, Money, Reason
from billing.subject import Metric
from billing.topups.models import DOUBTFUL, TopUp, TopUpState
from billing.topups.queries.progress import Step, StepState, StepTitle
from billing.topups.queries.progress import steps as topup_steps


class Status(TextChoices):
    """How a payment stands, its credit included."""

    WAITING = "waiting", _("not paid yet")
    UNDER_WAY = "under_way", _("on its way")
    ABANDONED = "abandoned", _("not paid")
    ON_ITS_WAY = "on_its_way", _("paid, being credited")
    CHECKING = "checking", _("paid, being checked")
    CREDITED = "credited", _("credited")
    OWED = "owed", _("paid, not credited yet")
    REFUNDED = "refunded", _("paid back")


class PaymentStep(TextChoices):
    """What a step of a payment is, or what it has come to, before its credit."""

    STARTED = "started", _("Started")
    PAY = "pay", _("Pay by card")
    PAID = "paid", _("Paid by card")
    NOT_PAID = "not_paid", _("Not paid")
    PAID_BACK = "paid_back", _("Paid back")


class PaymentDetail(Reason):
    """Why a step of a payment stands as it does."""

    NOT_REPORTED = "payment_step.not_reported", _("The payment provider has not told us of a payment.")
    BANK_AT_WORK = "payment_step.bank_at_work", _("Your bank has not finished yet. This may take some days.")
    OVER = "payment_step.over", _("The time to pay is over, or the payment failed.")
    BY_STAFF = "payment_step.by_staff", _("By our staff.")
    OF_AMOUNT = "payment_step.of_amount", "%(amount)s"


REVERSAL_STEPS = {
    ReversalState.PENDING: StepState.NOW,
    ReversalState.OPENED: StepState.NOW,
    ReversalState.FAILED: StepState.FAILED,
    ReversalState.LOST: StepState.FAILED,
}


def find(*, account: Account, reference: str) -> CardPayment | None:
    return CardPayment.objects.filter(account=account, reference=reference).select_related("account__switch").first()


def credit_of(payment: CardPayment) -> TopUp | None:
    """The latest top-up that credits the payment: one that was refused or not applied may be followed by another."""
    return payment.topups.select_related("debit").order_by("-pk").first()


def status_of(payment: CardPayment, credit: TopUp | None) -> Status:
    """How a payment stands. `credit` is its latest top-up."""
    if payment.state not in RECEIVED:
        return {
            CardPaymentState.STARTED: Status.UNDER_WAY if payment.under_way_since else Status.WAITING,
            CardPaymentState.ABANDONED: Status.ABANDONED,
            CardPaymentState.REFUNDED: Status.REFUNDED,
        }[CardPaymentState(payment.state)]
    if credit is None or credit.state in (TopUpState.REFUSED, TopUpState.NOT_APPLIED):
        return Status.REFUNDED if payment.reversals.all().refunded() >= payment.amount else Status.OWED
    if credit.state in DOUBTFUL:
        return Status.CHECKING
    return Status.CREDITED if credit.state == TopUpState.CONFIRMED else Status.ON_ITS_WAY


def steps(payment: CardPayment, credit: TopUp | None) -> list[Step]:
    """The steps of a payment and of its credit, as a person sees them."""
    taken = [Step(PaymentStep.STARTED, None, payment.started_at, StepState.DONE), _paid(payment)]
    if credit is not None:
        taken += topup_steps(credit)[1:]
    elif payment.state in (CardPaymentState.STARTED, CardPaymentState.PAID):
        taken.append(Step(StepTitle.CREDIT, payment.why, None, StepState.LATER))
    if payment.state == CardPaymentState.REFUNDED:
        taken.append(Step(PaymentStep.PAID_BACK, Because(PaymentDetail.BY_STAFF), payment.settled_at, StepState.DONE))
    return [*taken, *_reversed(payment)]


def _reversed(payment: CardPayment) -> Iterator[Step]:
    """Its refunds and disputes, the first first."""
    for reversal in payment.reversals.order_by("heard_at", "pk"):
        title = ReversalState(reversal.state)
        amount = Because(PaymentDetail.OF_AMOUNT, {"amount": Money(reversal.amount, reversal.currency)})
        yield Step(title, amount, reversal.heard_at, REVERSAL_STEPS.get(title, StepState.DONE))


def _paid(payment: CardPayment) -> Step:
    match payment.state:
        case CardPaymentState.STARTED:
            detail = PaymentDetail.BANK_AT_WORK if payment.under_way_since else PaymentDetail.NOT_REPORTED
            return Step(PaymentStep.PAY, Because(detail), None, StepState.NOW)
        case CardPaymentState.ABANDONED:
            return Step(PaymentStep.NOT_PAID, Because(PaymentDetail.OVER), None, StepState.FAILED)
        case CardPaymentState.DIFFERS:
            return Step(PaymentStep.PAID, payment.why, payment.paid_at, StepState.FAILED)
    return Step(PaymentStep.PAID, None, payment.paid_at, StepState.DONE)


def not_credited(account: Account, *, most: int) -> list[CardPayment]:
    """Payments that are owed to the account, the newest first, without those that are shown as a top-up in doubt."""
    in_doubt = TopUp.objects.filter(account=account, online__isnull=False, state__in=DOUBTFUL)
    owed = CardPayment.objects.filter(account=account).owed().exclude(pk__in=in_doubt.values("online"))
    return list(owed.exclude(pk__in=_paid_back(account)).order_by("-paid_at", "-pk")[:most])


def _paid_back(account: Account) -> QuerySet[CardPayment, int]:
    """Payments of which the provider has paid back everything, though no person has settled them yet."""
    backs = Q(reversals__kind=ReversalKind.REFUND, reversals__state__in=TAKES_MONEY)
    refunded = CardPayment.objects.filter(account=account).annotate(refunded=Sum("reversals__amount", filter=backs))
    return refunded.filter(refunded__gte=F("amount")).values_list("pk", flat=True)


def metrics(*, now: datetime) -> Iterator[Metric]:
    """Payments that were received and credited to no account."""
    owed = {"": CardPayment.objects.owed().count()}
    yield Metric("portal_card_payments_owed", "Payments by card that are received and not credited.", owed)
    unhandled = {kind.value: CardReversal.objects.unhandled().filter(kind=kind).count() for kind in ReversalKind}
    about = "Refunds and disputes of payments by card that no person has looked at."
    yield Metric("portal_card_payments_reversed", about, unhandled, label="kind")
