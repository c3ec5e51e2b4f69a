"""Queues mails about top-ups that end or come into doubt, together with the transition; `receipt_mails` sends them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Exists, OuterRef, Q

from accounts.models import Membership, Role, User
from billing.topups.models import Kind, ReceiptMail, TopUp, TopUpState

EVENTS = frozenset(ReceiptMail.Event.values)


def queue_mail(*, topup: TopUp, now: datetime) -> None:
    """Queue the mails for the state that the top-up has just come to: one to each reader for each event.

    A transfer's debit and credit share their mails. The caller holds the transaction.
    """
    credit = _credit_shown(topup)
    if credit is None or topup.state not in EVENTS:
        return
    mails = [
        ReceiptMail(topup=credit, event=topup.state, to_id=person, written_at=now, next_attempt_at=now)
        for person in _readers(credit, topup.state)
    ]
    ReceiptMail.objects.bulk_create(mails, ignore_conflicts=True)


def _credit_shown(topup: TopUp) -> TopUp | None:
    """The credit that the mail is about: in doubt while its debit is; every other end shows in the credit itself."""
    if topup.kind == Kind.CREDIT:
        return topup
    if topup.kind == Kind.DEBIT and topup.state == TopUpState.IN_DOUBT:
        return TopUp.objects.filter(debit=topup).first()
    return None


def _readers(credit: TopUp, event: str) -> Iterable[int]:
    """The account's owners, and the person who asked for it, unless that person is spared mails of success."""
    owns = Exists(Membership.objects.filter(user=OuterRef("pk"), account=credit.account_id, role=Role.OWNER))
    readers = Q(owns)
    if credit.mails_success or event != TopUpState.CONFIRMED:
        readers |= Q(pk=credit.requested_by_id)
    return User.objects.filter(readers, is_active=True).values_list("pk", flat=True)
