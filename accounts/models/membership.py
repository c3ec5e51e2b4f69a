from __future__ import annotations

import pgtrigger
from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models.account import Account


class Role(models.TextChoices):
    OWNER = "owner", _("owner")
    VIEWER = "viewer", _("viewer")


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
        triggers = [
            # The account's row is held, so that two owners do not remove each other at the same moment.
            pgtrigger.Trigger(
                name="an_owner_stays",
                operation=pgtrigger.Update | pgtrigger.Delete,
                when=pgtrigger.Before,
                condition=pgtrigger.Condition("OLD.role = 'owner'"),
                func="""
                    IF TG_OP = 'UPDATE' THEN
                        IF NEW.role = 'owner' AND NEW.account_id = OLD.account_id THEN RETURN NEW; END IF;
                    END IF;
                    PERFORM FROM accounts_account WHERE id = OLD.account_id FOR UPDATE;
                    IF NOT EXISTS (
                        SELECT FROM accounts_membership
                        WHERE account_id = OLD.account_id AND role = 'owner' AND id <> OLD.id
                    ) THEN
                        RAISE EXCEPTION 'An account keeps an owner.' USING ERRCODE = 'integrity_constraint_violation';
                    END IF;
                    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} is {self.role} of {self.account}"
