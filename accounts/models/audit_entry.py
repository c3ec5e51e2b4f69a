from __future__ import annotations

import pgtrigger
from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models.account import Account

# What a search of the trail for words looks through.
WORDS = SearchVector("subject", "text", config="simple")


class AuditAction(models.TextChoices):
    LOOKED = "looked", _("looked at")
    ADDED = "added", _("added")
    CHANGED = "changed", _("changed")
    REMOVED = "removed", _("removed")
    LOGGED_IN = "logged_in", _("logged in")
    LOGGED_OUT = "logged_out", _("logged out")
    LOGIN_FAILED = "login_failed", _("failed to log in")
    PASSWORD_SET = "password_set", _("set a password")
    FACTOR_ADDED = "factor_added", _("added a factor")
    FACTOR_REMOVED = "factor_removed", _("removed a factor")
    INVITED = "invited", _("invited")
    RESENT = "resent", _("sent again")
    REVOKED = "revoked", _("revoked")
    ACCEPTED = "accepted", _("accepted")
    CLAIMED = "claimed", _("claimed")
    CLAIM_FAILED = "claim_failed", _("failed to claim")
    REQUESTED = "requested", _("asked for")
    DECIDED = "decided", _("decided")
    REISSUED = "reissued", _("re-issued")
    CLOSED = "closed", _("closed")
    EXPORTED = "exported", _("exported")


class AuditEntry(models.Model):
    """Who did what, as what, to which account, from where, and what changed. Written together with what it records.

    `who` and `subject` keep the words of that day, since addresses and names change. `user` is empty for a command, and
    for a login that failed. `via` is the agent whose membership opened the account, where it is not the account's own.
    `changes` holds, by field, what it was and what it became: nothing secret.
    """

    at = models.DateTimeField()
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="audit_entries",
        db_index=False,
    )
    who = models.CharField(max_length=254, blank=True)
    role = models.CharField(_("as"), max_length=100)
    via = models.ForeignKey(Account, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    account = models.ForeignKey(
        Account, null=True, blank=True, on_delete=models.PROTECT, related_name="audit_entries", db_index=False
    )
    # No list of choices in the database: a new action must not need a migration.
    action = models.CharField(max_length=30)
    subject_type = models.CharField(
        max_length=60, blank=True, help_text=_("The kind of row, such as accounts.membership")
    )
    subject_id = models.CharField(max_length=40, blank=True)
    subject = models.CharField(_("what"), max_length=200, blank=True)
    text = models.CharField(max_length=500, blank=True)
    changes = models.JSONField(default=dict, blank=True)
    address = models.GenericIPAddressField(null=True, blank=True)
    session = models.CharField(max_length=12, blank=True, help_text=_("The same letters are the same login"))
    user_agent = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name = _("entry of the audit trail")
        verbose_name_plural = _("entries of the audit trail")
        indexes = [
            models.Index(fields=["-at", "-id"], name="audit_by_time"),
            models.Index(fields=["account", "-at", "-id"], name="audit_by_account"),
            models.Index(fields=["user", "-at", "-id"], name="audit_by_user"),
            models.Index(fields=["action", "-at", "-id"], name="audit_by_action"),
            models.Index(fields=["subject_type", "subject_id"], name="audit_by_subject"),
            GinIndex(WORDS, name="audit_by_words"),
        ]
        triggers = [
            pgtrigger.Protect(name="never_changed", operation=pgtrigger.Update),
            # The shortest that a trail may be kept, whatever the settings say.
            pgtrigger.Protect(
                name="kept_for_a_year",
                operation=pgtrigger.Delete,
                condition=pgtrigger.Condition("OLD.at > now() - interval '364 days'"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.who or self.role} {self.get_action_display()} {self.subject or self.text}"

    def get_action_display(self) -> str:
        return str(AuditAction(self.action).label) if self.action in AuditAction else self.action
