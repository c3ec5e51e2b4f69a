from __future__ import annotations

import pgtrigger
from django.conf import settings
from django.db import models

from accounts.models.account import Account


class Look(models.Model):
    """A member of staff opened a customer's page. Written with the page view and never changed."""

    staff = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="looks")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="looks")
    path = models.CharField(max_length=500)
    address = models.GenericIPAddressField(null=True, blank=True)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["account", "-at"])]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.staff} looked at {self.account}"
