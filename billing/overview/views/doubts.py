"""Top-ups whose outcome is not known, as an account's overview tells of them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.urls import reverse

from accounts.models import Account
from billing.topups.models import Kind, TopUp, TopUpState
from billing.topups.queries.progress import outcome

WHERE = {TopUpState.REVIEW: "is with our staff."}


@dataclass(frozen=True)
class Doubt:
    title: str
    amount: Decimal
    state: str
    url: str


def doubt_of(topup: TopUp, *, account: Account) -> Doubt:
    """As the account's own people are told. A transfer's debit and give-back are told of on the page of its credit."""
    credit = _credit_of(topup)
    return Doubt(
        title="A top-up"
        if credit.account_id == account.pk
        else f"A top-up for {credit.account.name or credit.account.number}",
        amount=abs(topup.amount),
        state=WHERE.get(outcome(topup), "is being checked with the switch."),
        url=reverse("topup", args=[credit.account.public_id, credit.reference]),
    )


def _credit_of(topup: TopUp) -> TopUp:
    if topup.kind == Kind.CREDIT:
        return topup
    debit = topup.gives_back if topup.gives_back is not None else topup
    return debit.credit
