from __future__ import annotations

from django.conf import settings
from django.db import models


class KnownBrowser(models.Model):
    """A browser that a person has logged in with. It keeps a token of ours in a cookie; only the digest is here."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="browsers")
    digest = models.CharField(max_length=64)
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "digest"], name="browser_once_per_user")]

    def __str__(self) -> str:
        return f"{self.user} since {self.first_seen_at:%Y-%m-%d}"
