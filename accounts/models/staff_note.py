from __future__ import annotations

import pgtrigger
from django.conf import settings
from django.db import models

from accounts.models.account import Account


class Note(models.Model):
    """What a member of staff wants the others to know about an account. Its customers never see it."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="notes")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="notes")
    at = models.DateTimeField()
    text = models.TextField(max_length=2000)

    class Meta:
        indexes = [models.Index(fields=["account", "-at"], name="note_by_account")]
        constraints = [models.CheckConstraint(condition=~models.Q(text=""), name="note_says_something")]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return self.text if len(self.text) <= 60 else f"{self.text[:59]}…"
