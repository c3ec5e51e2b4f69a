"""Payments by card: what became of one, and which are received and not credited."""

from __future__ import annotations

from enum import StrEnum

from accounts.models import Account
from billing.models import DOUBTFUL, RECEIVED, OnlinePayment, OnlineState, TopUp, TopUpState
from billing.queries.topups import Step, StepState, story


class Stand(StrEnum):
    """How a payment stands, its credit included."""

    WAITING = "not paid yet"
    ABANDONED = "not paid"
    ON_ITS_WAY = "paid, being credited"
    CHECKING = "paid, being checked"
    CREDITED = "credited"
    OWED = "paid, not credited yet"
    REFUNDED = "paid back"


def find(*, account: Account, reference: str) -> OnlinePayment | None:
    return OnlinePayment.objects.filter(account=account, reference=reference).select_related("account__switch").first()


def credit_of(payment: OnlinePayment) -> TopUp | None:
    """The latest: one that was refused or not applied may be followed by another."""
    return payment.topups.select_related("debit").order_by("-pk").first()


def stand(payment: OnlinePayment, credit: TopUp | None) -> Stand:
    if payment.state not in RECEIVED:
        return {
            OnlineState.STARTED: Stand.WAITING,
            OnlineState.ABANDONED: Stand.ABANDONED,
            OnlineState.REFUNDED: Stand.REFUNDED,
        }[OnlineState(payment.state)]
    if credit is None or credit.state in (TopUpState.REFUSED, TopUpState.NOT_APPLIED):
        return Stand.OWED
    if credit.state in DOUBTFUL:
        return Stand.CHECKING
    return Stand.CREDITED if credit.state == TopUpState.CONFIRMED else Stand.ON_ITS_WAY


def steps(payment: OnlinePayment, credit: TopUp | None) -> list[Step]:
    """As a person sees them."""
    taken = [Step("Started", "", payment.started_at, StepState.DONE), _paid(payment)]
    if credit is not None:
        taken += story(credit)[1:]
    elif payment.state in (OnlineState.STARTED, OnlineState.PAID):
        taken.append(Step("Credit the account", payment.why, None, StepState.LATER))
    if payment.state == OnlineState.REFUNDED:
        taken.append(Step("Paid back", "By our staff.", payment.settled_at, StepState.DONE))
    return taken


def _paid(payment: OnlinePayment) -> Step:
    match payment.state:
        case OnlineState.STARTED:
            return Step("Pay by card", "The payment provider has not told us of a payment.", None, StepState.NOW)
        case OnlineState.ABANDONED:
            return Step("Not paid", "The time to pay is over, or the payment failed.", None, StepState.FAILED)
        case OnlineState.DIFFERS:
            return Step("Paid by card", payment.why, payment.paid_at, StepState.FAILED)
    return Step("Paid by card", "", payment.paid_at, StepState.DONE)


def not_credited(account: Account, *, most: int) -> list[OnlinePayment]:
    """Owed to the account, the newest first. Those whose top-up is in doubt are told of as such a top-up."""
    in_doubt = TopUp.objects.filter(account=account, online__isnull=False, state__in=DOUBTFUL)
    owed = OnlinePayment.objects.filter(account=account).owed().exclude(pk__in=in_doubt.values("online"))
    return list(owed.order_by("-paid_at", "-pk")[:most])
