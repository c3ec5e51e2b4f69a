"""Queues mails about refunds and disputes: to the account's owners, and to the staff who may settle payments."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.urls import reverse

from accounts.models import User
from accounts.services import notices
from billing.card_payments.models import MAY_SETTLE, CardPayment, CardReversal


def queue(*, payment: CardPayment, reversal: CardReversal, now: datetime) -> None:
    """Write the mails down, in the transaction of what they tell of. A person who is both gets the staff's."""
    staff = dict.fromkeys(person.email for person in _staff())
    owners = dict.fromkeys(owner.email for owner in notices.owners(payment.account) if owner.email not in staff)
    page = reverse("online_payment", args=[payment.account.public_id, payment.reference])
    staff_page = reverse("admin:card_payments_cardpayment_change", args=[payment.pk])
    for emails, address, is_staff in ((owners, page, False), (staff, staff_page, True)):
        about = {
            "payment": payment,
            "account": payment.account,
            "reversal": reversal,
            "link": settings.PUBLIC_URL + address,
            "for_staff": is_staff,
            "refunded": payment.reversals.all().refunded(),
        }
        notices.queue_mail("card_payments/mail/reversal", emails, about, now)


def _staff() -> list[User]:
    return list(ModelBackend().with_perm(MAY_SETTLE).filter(is_staff=True).order_by("id"))
