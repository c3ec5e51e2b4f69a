"""Sending the mails about top-ups that wait for it. A mail that fails touches no top-up."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from accounts.access import Access, access_of
from accounts.queries.time_zones import zone_of
from accounts.services import mail_retries
from accounts.services.mail_retries import Mailed
from billing.topups.models import ReceiptMail
from billing.topups.queries.receipts import for_payer, receipt_of


def send_due(*, now: datetime) -> Mailed:
    rows = ReceiptMail.objects.select_related(
        "topup__account__switch", "topup__requested_by", "topup__payer", "topup__debit", "to"
    )
    return mail_retries.send_due(rows=rows, compose=compose, now=now)


def compose(row: ReceiptMail) -> EmailMultiAlternatives:
    """Write the mail for its reader: in their time zone, and without what they may not see."""
    topup = row.topup
    access = access_of(row.to, topup.account)
    context = {
        "portal_name": settings.PORTAL_NAME,
        "reader": row.to,
        "topup": topup,
        "event": row.event,
        "account": topup.account,
        "currency": topup.account.switch.currency,
        "receipt": receipt_of(topup, reader=row.to, access=access),
        "for_payer": for_payer(access),
        "link": _link(row, access),
    }
    with timezone.override(zone_of(row.to, topup.account.switch)):
        subject = render_to_string("topups/mail/receipt_subject.txt", context).strip()
        text = render_to_string("topups/mail/receipt.txt", context)
        html = render_to_string("topups/mail/receipt.html", context)
    name = f"receipt-{row.pk}-{topup.reference}"
    return mail_retries.message(to=row.to.email, subject=subject, text=text, html=html, name=name)


def _link(row: ReceiptMail, access: Access | None) -> str:
    """The address of the top-up's page, or nothing for a reader who may no longer see the account."""
    if access is None:
        return ""
    return settings.PUBLIC_URL + reverse("topup", args=[row.topup.account.public_id, row.topup.reference])
