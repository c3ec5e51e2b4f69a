from __future__ import annotations

from datetime import date

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Account


class Backfill(models.Model):
    """A person's request to have the calls of an account's days, both included. The call days say how far it is."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="backfills")
    first = models.DateField(_("first day"))
    last = models.DateField(_("last day"))
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="backfills")
    asked_at = models.DateTimeField()
    progressed_at = models.DateTimeField(help_text=_("When a day last came in; at first, when it was asked for"))
    ended_at = models.DateTimeField(null=True, blank=True)
    left_out = models.IntegerField(default=0, help_text=_("Days that were not there when it ended"))

    class Meta:
        indexes = [
            models.Index(fields=["account"], condition=Q(ended_at__isnull=True), name="backfill_open"),
            models.Index(fields=["account", "-asked_at"], name="backfill_of_account"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(first__lte=F("last")), name="backfill_ends_after_it_begins"),
            models.UniqueConstraint(
                fields=["account", "first", "last"], condition=Q(ended_at__isnull=True), name="backfill_open_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account.number}, {self.first} to {self.last}"

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last
