from __future__ import annotations

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from billing.topups.models.topups import TopUp


class LookUp(models.Model):
    """One look at the switch's payment history for a top-up (manual §3.46). Append-only.

    `found` are the rows with its reference, `candidates` those of its amount without any reference; each is a list of
    {"at", "amount", "balance_after", "memo"}. A look that failed read nothing and says why.
    """

    topup = models.ForeignKey(TopUp, on_delete=models.PROTECT, related_name="lookups")
    at = models.DateTimeField(help_text=_("When it was asked"))
    begins_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    rows = models.PositiveIntegerField(default=0, help_text=_("How many payments the account has in that time"))
    found = models.JSONField(default=list, blank=True)
    candidates = models.JSONField(default=list, blank=True)
    failure = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name = _("look-up")
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=models.Q(begins_at__lte=models.F("ends_at")), name="lookup_runs_forward"),
            models.CheckConstraint(
                condition=models.Q(failure="") | models.Q(rows=0, found=[], candidates=[]),
                name="lookup_that_failed_read_nothing",
            ),
        ]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.topup_id} at {self.at:%Y-%m-%d %H:%M:%S}"
