"""Matches payments on the switch with top-ups, by the reference in the payment's memo."""

from __future__ import annotations

from django.db.models import QuerySet

from accounts.models import Account
from billing.balances.models import Payment
from billing.topups.models import StrayPayment, TopUp, TopUpState, references


def match_payments(*, account: Account) -> int:
    """Match the account's payments with the confirmed top-ups whose references they carry. Returns how many.

    A payment whose reference no top-up has, or has with another payment, is kept as a stray one.
    """
    payments = Payment.objects.filter(account=account, topup__isnull=True, memo__contains="TU-")
    matched = sum(_match(payment) for payment in payments.order_by("paid_at", "id"))
    _note_strays(payments)
    return matched


def _note_strays(payments: QuerySet[Payment]) -> None:
    """A top-up that was never sent, as far as its row knows, has no payment either: the database was set back."""
    named = {
        payment: found[0] for payment in payments.filter(stray__isnull=True) if (found := references(payment.memo))
    }
    sent = TopUp.objects.filter(reference__in=named.values(), payment__isnull=True).exclude(state=TopUpState.REQUESTED)
    known = set(sent.values_list("reference", flat=True))
    strays = [StrayPayment(payment=payment, reference=name) for payment, name in named.items() if name not in known]
    StrayPayment.objects.bulk_create(strays, ignore_conflicts=True)


def _match(payment: Payment) -> int:
    """A payment that carries several references matches nothing; of two with one reference the first is matched."""
    found = references(payment.memo)
    if len(found) != 1:
        return 0
    return TopUp.objects.filter(
        reference=found[0],
        account_id=payment.account_id,
        amount=payment.amount,
        state=TopUpState.CONFIRMED,
        payment__isnull=True,
    ).update(payment=payment)
