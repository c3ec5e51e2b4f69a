from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class OutgoingMail(models.Model):
    """A mail that has to go out: written in the transaction of what it tells of, sent by `mail_retries`."""

    written_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True, blank=True, help_text=_("Empty: it was sent, or given up"))
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True

    @property
    def about(self) -> str:
        """For the log, which holds no addresses."""
        raise NotImplementedError


class Notice(OutgoingMail):
    """A mail about what was done to a login or among an account's members, in its final words. Never a way in."""

    to = models.EmailField()
    subject = models.CharField(max_length=300)
    text = models.TextField()
    html = models.TextField()

    class Meta:
        indexes = [
            models.Index(fields=["next_attempt_at"], condition=Q(next_attempt_at__isnull=False), name="notice_to_send")
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(sent_at__isnull=True) | Q(next_attempt_at__isnull=True), name="notice_sent_is_done"
            )
        ]

    def __str__(self) -> str:
        return f"{self.subject}, to {self.to}"

    @property
    def about(self) -> str:
        return f"“{self.subject}”"
