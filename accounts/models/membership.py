from __future__ import annotations

from django.conf import settings
from django.db import models

from accounts.models.account import Account


class Role(models.TextChoices):
    OWNER = "owner", "owner"
    VIEWER = "viewer", "viewer"


class Membership(models.Model):
    """A user's role on an account. Membership of an agent reaches the accounts below it."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.OWNER)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "account"], name="membership_once_per_user_and_account"),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="membership_role_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.user} is {self.role} of {self.account}"
