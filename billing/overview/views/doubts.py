"""Top-ups whose outcome is not known, in the words of an account's overview."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.lib.money import money
from accounts.models import Account
from billing.topups.models import Kind, TopUp, TopUpState
from billing.topups.queries.progress import outcome


@dataclass(frozen=True)
class Doubt:
    """A top-up in doubt: what its people are told, and the address of its page."""

    text: str
    amount: Decimal
    url: str


def doubt_of(topup: TopUp, *, account: Account) -> Doubt:
    """Word a doubt for the account's own people. The page of a transfer is that of its credit, for all of its legs."""
    credit = _credit_of(topup)
    amount, customer = abs(topup.amount), credit.account.name or credit.account.number
    words = {"amount": money(amount, account.switch.currency), "customer": customer}
    return Doubt(
        text=_text(topup, for_customer=credit.account_id != account.pk) % words,
        amount=amount,
        url=reverse("topup", args=[credit.account.public_id, credit.reference]),
    )


def _text(topup: TopUp, *, for_customer: bool) -> str:
    if outcome(topup) == TopUpState.REVIEW:
        if for_customer:
            return _("A top-up for %(customer)s of %(amount)s is with our staff.")
        return _("A top-up of %(amount)s is with our staff.")
    if for_customer:
        return _("A top-up for %(customer)s of %(amount)s is being checked with the switch.")
    return _("A top-up of %(amount)s is being checked with the switch.")


def _credit_of(topup: TopUp) -> TopUp:
    if topup.kind == Kind.CREDIT:
        return topup
    debit = topup.gives_back if topup.gives_back is not None else topup
    return debit.credit
