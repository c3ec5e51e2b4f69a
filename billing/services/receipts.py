"""Who is owed a mail when a top-up ends, or is in doubt. Written with the transition; sent by `receipt_mails`."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q

from accounts.models import Role, User
from billing.models import BatchRow, Kind, ReceiptMail, TopUp, TopUpState

EVENTS = frozenset(ReceiptMail.Event.values)


def owe(*, topup: TopUp, now: datetime) -> None:
    """For the state that the top-up has just come to; once per event, of a transfer for both its sides together.

    The caller holds the transaction.
    """
    credit = _credit_told_of(topup)
    if credit is None or topup.state not in EVENTS:
        return
    mails = [
        ReceiptMail(topup=credit, event=topup.state, to=person, written_at=now, next_attempt_at=now)
        for person in _readers(credit, topup.state)
    ]
    ReceiptMail.objects.bulk_create(mails, ignore_conflicts=True)


def _credit_told_of(topup: TopUp) -> TopUp | None:
    """While the debit is in doubt the whole transfer is; every other end shows in the credit itself."""
    if topup.kind == Kind.CREDIT:
        return topup
    if topup.kind == Kind.DEBIT and topup.state == TopUpState.IN_DOUBT:
        return TopUp.objects.filter(debit=topup).first()
    return None


def _readers(credit: TopUp, event: str) -> list[User]:
    """The account's owners, and who asked for it; of many at once only for those that did not simply go well."""
    owns = Q(memberships__account=credit.account_id, memberships__role=Role.OWNER)
    is_one_of_many = event == TopUpState.CONFIRMED and BatchRow.objects.filter(topup=credit).exists()
    readers = owns if is_one_of_many else owns | Q(pk=credit.requested_by_id)
    return list(User.objects.filter(readers, is_active=True).distinct())
