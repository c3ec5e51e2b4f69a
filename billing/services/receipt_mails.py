"""Sending the mails about top-ups that are owed. Whatever fails here, no money knows of it.

Each is claimed by a conditional update and sent once. Only where a process dies between the handing in and the note of
it, the mail goes out a second time, under the same Message-ID.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from smtplib import SMTPException
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db.models import F
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from accounts.access import Access, access_of
from accounts.zones import zone_of
from billing.models import ReceiptMail
from billing.queries.receipts import for_payer, receipt_of
from billing.services.clock import Clock

logger = logging.getLogger(__name__)

MOST_AT_ONCE = 100
FIRST_PAUSE = timedelta(minutes=2)
LONGEST_PAUSE = timedelta(hours=6)
# A day and a half.
MOST_ATTEMPTS = 14
FAILURES = (OSError, SMTPException)


@dataclass(frozen=True)
class Mailed:
    sent: int = 0
    failed: int = 0


def send_due(*, now: datetime) -> Mailed:
    """What is due. A mail server that does not answer costs none of them an attempt."""
    clock = Clock(now)
    due = list(ReceiptMail.objects.filter(next_attempt_at__lte=now).order_by("next_attempt_at")[:MOST_AT_ONCE])
    if not due:
        return Mailed()
    try:
        connection = get_connection()
        connection.open()
    except FAILURES as error:
        logger.warning("The mail server cannot be reached; %d mails wait: %s", len(due), type(error).__name__)
        return Mailed(failed=len(due))
    try:
        outcomes = [_send(mail, connection, clock.now()) for mail in due if _claim(mail, clock.now())]
    finally:
        connection.close()
    return Mailed(sent=outcomes.count(True), failed=outcomes.count(False))


def pause(attempts: int) -> timedelta:
    """2, 4, 8 minutes … 6 hours. It is also how long a claim lasts whose process died."""
    return min(LONGEST_PAUSE, FIRST_PAUSE * (1 << min(attempts, 10)))


def _claim(mail: ReceiptMail, now: datetime) -> bool:
    is_last = mail.attempts + 1 >= MOST_ATTEMPTS
    claimed = ReceiptMail.objects.filter(
        pk=mail.pk, sent_at__isnull=True, attempts=mail.attempts, next_attempt_at__isnull=False
    ).update(attempts=F("attempts") + 1, next_attempt_at=None if is_last else now + pause(mail.attempts))
    return bool(claimed)


def _send(mail: ReceiptMail, connection: BaseEmailBackend, now: datetime) -> bool:
    row = ReceiptMail.objects.select_related(
        "topup__account__switch", "topup__requested_by", "topup__payer", "topup__debit", "to"
    ).get(pk=mail.pk)
    try:
        message = compose(row)
        message.connection = connection
        message.send()
    except FAILURES as error:
        _note_failure(row, error)
        return False
    except Exception:
        # One mail that cannot be written must not keep the others waiting.
        logger.exception("The mail %s could not be written", row.pk)
        return False
    ReceiptMail.objects.filter(pk=row.pk).update(sent_at=now, next_attempt_at=None)
    return True


def _note_failure(row: ReceiptMail, error: Exception) -> None:
    if row.next_attempt_at is None:
        logger.error("Mail %s about %s is given up: %s", row.pk, row.topup, type(error).__name__)
    else:
        logger.warning("Mail %s about %s is tried again: %s", row.pk, row.topup, type(error).__name__)


def compose(row: ReceiptMail) -> EmailMultiAlternatives:
    """In the words and the zone of whoever reads it; without what the reader may not see."""
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
        subject = render_to_string("billing/mail/receipt_subject.txt", context).strip()
        text = render_to_string("billing/mail/receipt.txt", context)
        html = render_to_string("billing/mail/receipt.html", context)
    host = urlsplit(settings.PUBLIC_URL).hostname or "localhost"
    headers = {"Message-ID": f"<receipt-{row.pk}-{topup.reference}@{host}>", "Auto-Submitted": "auto-generated"}
    message = EmailMultiAlternatives(subject, text, to=[row.to.email], headers=headers)
    message.attach_alternative(html, "text/html")
    return message


def _link(row: ReceiptMail, access: Access | None) -> str:
    """None for whoever has no page of the account, such as a person whose membership has ended."""
    if access is None:
        return ""
    return settings.PUBLIC_URL + reverse("topup", args=[row.topup.account.public_id, row.topup.reference])
