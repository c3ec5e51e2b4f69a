from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from accounts.models.account import Account


class ClaimPhrase(models.Model):
    """A code phrase that the operator gives to whom an account belongs. It works once; only its digest is kept."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="claim_phrases")
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(expires_at__gt=F("created_at")), name="phrase_ends_after_it_begins")
        ]

    def __str__(self) -> str:
        return f"{self.account} until {self.expires_at:%Y-%m-%d}"
