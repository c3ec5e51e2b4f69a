"""Which payment on the switch is which top-up: told by the reference in the payment's memo."""

from __future__ import annotations

from accounts.models import Account
from billing.balances.models import Payment
from billing.topups.models import TopUp, TopUpState, references


def match_payments(*, account: Account) -> int:
    """Tie the account's payments to the confirmed top-ups whose references they carry. Returns how many."""
    payments = Payment.objects.filter(account=account, topup__isnull=True, memo__contains="TU-")
    return sum(_tie(payment) for payment in payments.order_by("paid_at", "id"))


def _tie(payment: Payment) -> int:
    """A payment that carries several references says nothing; of two with one reference the first is tied."""
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
