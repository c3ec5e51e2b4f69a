from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import OutgoingMail
from billing.topups.models.topups import TopUp


class ReceiptMail(OutgoingMail):
    """About a top-up: written in the transaction of the transition that it tells of."""

    class Event(models.TextChoices):
        CONFIRMED = "confirmed", _("credited")
        REFUSED = "refused", _("not credited")
        NOT_APPLIED = "not_applied", _("not credited after all")
        IN_DOUBT = "in_doubt", _("being checked")

    topup = models.ForeignKey(TopUp, on_delete=models.PROTECT, related_name="receipt_mails")
    event = models.CharField(max_length=12, choices=Event.choices)
    to = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="receipt_mails")

    class Meta:
        indexes = [
            models.Index(
                fields=["next_attempt_at"], condition=Q(next_attempt_at__isnull=False), name="receipt_mail_to_send"
            )
        ]
        constraints = [
            models.UniqueConstraint(fields=["topup", "event", "to"], name="receipt_mail_once_per_event"),
            models.CheckConstraint(
                condition=Q(event__in=["confirmed", "refused", "not_applied", "in_doubt"]),
                name="receipt_mail_event_is_known",
            ),
            models.CheckConstraint(
                condition=Q(sent_at__isnull=True) | Q(next_attempt_at__isnull=True), name="receipt_mail_sent_is_done"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.topup}, {self.event}, to {self.to}"

    @property
    def about(self) -> str:
        return str(self.topup)
