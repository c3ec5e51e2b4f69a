"""What rows have in common that are read of a switch only when a page needs them."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from billing.switches.models.failures import SwitchFailure


class OnDemand(models.Model):
    """A list that is read of the switch on demand: how old it is, and whether it is being read."""

    asked_at = models.DateTimeField(null=True, blank=True, help_text=_("When they were last asked for"))
    ended_at = models.DateTimeField(null=True, blank=True, help_text=_("When that ended, well or not"))
    not_before = models.DateTimeField(null=True, blank=True, help_text=_("They are not asked for again before"))
    read_at = models.DateTimeField(null=True, blank=True, help_text=_("As of when the rows here are"))
    # No list of choices in the database: another reason must not need a migration.
    failure = models.CharField(max_length=30, blank=True, help_text=_("Why they were not read the last time"))

    class Meta:
        abstract = True

    @property
    def why(self) -> str:
        """Why they were not read the last time, in words, or nothing."""
        return str(SwitchFailure(self.failure).label) if self.failure else ""

    @property
    def is_open(self) -> bool:
        """Whether a worker was asked to read the list and has not ended."""
        return self.asked_at is not None and (self.ended_at is None or self.ended_at < self.asked_at)
