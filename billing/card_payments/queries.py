"""Payments by card: what became of one, and which are received and not credited."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum

from accounts.models import Account
from billing.card_payments.models import RECEIVED, CardPayment, CardPaymentState
from billing.subject import Metric
from billing.topups.models import DOUBTFUL, TopUp, TopUpState
from billing.topups.queries.progress import Step, StepState
from billing.topups.queries.progress import steps as story


class Status(StrEnum):
    """How a payment stands, its credit included."""

    WAITING = "not paid yet"
    ABANDONED = "not paid"
    ON_ITS_WAY = "paid, being credited"
    CHECKING = "paid, being checked"
    CREDITED = "credited"
    OWED = "paid, not credited yet"
    REFUNDED = "paid back"


def find(*, account: Account, reference: str) -> CardPayment | None:
    return CardPayment.objects.filter(account=account, reference=reference).select_related("account__switch").first()


def credit_of(payment: CardPayment) -> TopUp | None:
    """The latest: one that was refused or not applied may be followed by another."""
    return payment.topups.select_related("debit").order_by("-pk").first()


def status_of(payment: CardPayment, credit: TopUp | None) -> Status:
    if payment.state not in RECEIVED:
        return {
            CardPaymentState.STARTED: Status.WAITING,
            CardPaymentState.ABANDONED: Status.ABANDONED,
            CardPaymentState.REFUNDED: Status.REFUNDED,
        }[CardPaymentState(payment.state)]
    if credit is None or credit.state in (TopUpState.REFUSED, TopUpState.NOT_APPLIED):
        return Status.OWED
    if credit.state in DOUBTFUL:
        return Status.CHECKING
    return Status.CREDITED if credit.state == TopUpState.CONFIRMED else Status.ON_ITS_WAY


def steps(payment: CardPayment, credit: TopUp | None) -> list[Step]:
    """As a person sees them."""
    taken = [Step("Started", "", payment.started_at, StepState.DONE), _paid(payment)]
    if credit is not None:
        taken += story(credit)[1:]
    elif payment.state in (CardPaymentState.STARTED, CardPaymentState.PAID):
        taken.append(Step("Credit the account", payment.why, None, StepState.LATER))
    if payment.state == CardPaymentState.REFUNDED:
        taken.append(Step("Paid back", "By our staff.", payment.settled_at, StepState.DONE))
    return taken


def _paid(payment: CardPayment) -> Step:
    match payment.state:
        case CardPaymentState.STARTED:
            return Step("Pay by card", "The payment provider has not told us of a payment.", None, StepState.NOW)
        case CardPaymentState.ABANDONED:
            return Step("Not paid", "The time to pay is over, or the payment failed.", None, StepState.FAILED)
        case CardPaymentState.DIFFERS:
            return Step("Paid by card", payment.why, payment.paid_at, StepState.FAILED)
    return Step("Paid by card", "", payment.paid_at, StepState.DONE)


def not_credited(account: Account, *, most: int) -> list[CardPayment]:
    """Owed to the account, the newest first. Those whose top-up is in doubt are told of as such a top-up."""
    in_doubt = TopUp.objects.filter(account=account, online__isnull=False, state__in=DOUBTFUL)
    owed = CardPayment.objects.filter(account=account).owed().exclude(pk__in=in_doubt.values("online"))
    return list(owed.order_by("-paid_at", "-pk")[:most])


def metrics(*, now: datetime) -> Iterator[Metric]:
    """Payments that were received and credited to no account."""
    owed = {"": CardPayment.objects.owed().count()}
    yield Metric("portal_card_payments_owed", "Payments by card that are received and not credited.", owed)
