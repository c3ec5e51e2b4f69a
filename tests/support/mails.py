"""What a worker has mailed, after it was asked to."""

from __future__ import annotations

from django.core import mail
from django.core.mail import EmailMessage
from django.utils import timezone

from accounts.services import notices


def sent_mails() -> list[EmailMessage]:
    """Everything so far, with the notices that were owed."""
    notices.send_due(now=timezone.now())
    return list(mail.outbox)
