"""Matches payments on the switch with top-ups, by the reference in the payment's memo."""

from __future__ import annotations

from accounts.models import Account
from billing.balances.models import Payment
from billing.topups.models import TopUp, TopUpState, references


def match_payments(*, account: Account) -> int:
    """Match the account's payments with the confirmed top-ups whose references they carry. Returns how many."""
    payments = Payment.objects.filter(account=account, topup__isnull=True, memo__contains="TU-")
    return sum(_match(payment) for payment in payments.order_by("paid_at", "id"))


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
