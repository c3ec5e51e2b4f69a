"""Sends mails that wait in a table, and tries again what failed. What a mail tells of is done, whatever fails here.

Each mail is claimed by a conditional update and sent once. Only where a process dies between handing the mail in and
writing that down, it goes out a second time, under the same Message-ID.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from smtplib import SMTPException
from typing import TypeVar
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db.models import F, QuerySet

from accounts.lib.backoff import Backoff
from accounts.lib.clock import Clock
from accounts.models import OutgoingMail

logger = logging.getLogger(__name__)

M = TypeVar("M", bound=OutgoingMail)

MOST_AT_ONCE = 100
# 2, 4, 8 minutes … 6 hours. A claim whose process died lasts as long.
PAUSES = Backoff(first=timedelta(minutes=2), longest=timedelta(hours=6))
# A day and a half.
MOST_ATTEMPTS = 14
FAILURES = (OSError, SMTPException)


@dataclass(frozen=True)
class Mailed:
    sent: int = 0
    failed: int = 0


def send_due(*, rows: QuerySet[M], compose: Callable[[M], EmailMultiAlternatives], now: datetime) -> Mailed:
    """Send the mails that are due. A mail server that does not answer costs none of them an attempt."""
    clock = Clock(now)
    due = list(rows.filter(next_attempt_at__lte=now).order_by("next_attempt_at")[:MOST_AT_ONCE])
    if not due:
        return Mailed()
    try:
        connection = get_connection()
        connection.open()
    except FAILURES as error:
        logger.warning("The mail server cannot be reached; %d mails wait: %s", len(due), type(error).__name__)
        return Mailed(failed=len(due))
    try:
        outcomes = [_send(rows, mail, compose, connection, clock.now()) for mail in due if claim(mail, clock.now())]
    finally:
        connection.close()
    return Mailed(sent=outcomes.count(True), failed=outcomes.count(False))


def message(*, to: str, subject: str, text: str, html: str, name: str) -> EmailMultiAlternatives:
    """Compose a mail. `name` makes its Message-ID, which is the same at each attempt."""
    host = urlsplit(settings.PUBLIC_URL).hostname or "localhost"
    headers = {"Message-ID": f"<{name}@{host}>", "Auto-Submitted": "auto-generated"}
    mail = EmailMultiAlternatives(subject, text, to=[to], headers=headers)
    mail.attach_alternative(html, "text/html")
    return mail


def claim(mail: OutgoingMail, now: datetime) -> bool:
    is_last = mail.attempts + 1 >= MOST_ATTEMPTS
    claimed = (
        type(mail)
        ._default_manager.filter(
            pk=mail.pk, sent_at__isnull=True, attempts=mail.attempts, next_attempt_at__isnull=False
        )
        .update(attempts=F("attempts") + 1, next_attempt_at=None if is_last else now + PAUSES.pause(mail.attempts))
    )
    return bool(claimed)


def _send(
    rows: QuerySet[M],
    mail: M,
    compose: Callable[[M], EmailMultiAlternatives],
    connection: BaseEmailBackend,
    now: datetime,
) -> bool:
    row = rows.get(pk=mail.pk)
    try:
        composed = compose(row)
        composed.connection = connection
        composed.send()
    except FAILURES as error:
        _note_failure(row, error)
        return False
    except Exception:
        # One mail that cannot be written must not keep the others waiting.
        logger.exception("The mail %s could not be written", row.pk)
        return False
    rows.filter(pk=row.pk).update(sent_at=now, next_attempt_at=None)
    return True


def _note_failure(row: OutgoingMail, error: Exception) -> None:
    if row.next_attempt_at is None:
        logger.error("Mail %s about %s is given up: %s", row.pk, row.about, type(error).__name__)
    else:
        logger.warning("Mail %s about %s is tried again: %s", row.pk, row.about, type(error).__name__)
