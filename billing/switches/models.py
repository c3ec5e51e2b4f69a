"""What the portal finds out about a switch by itself, and what rows have in common that are read only when needed."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Switch


class Observation(models.Model):
    """What a switch's answers told about its clock, its zone, and when and how it lets call records be asked for."""

    switch = models.OneToOneField(Switch, on_delete=models.CASCADE, primary_key=True, related_name="observation")
    compared_at = models.DateTimeField(null=True, blank=True, help_text=_("When its clock and zone were last compared"))
    clock_ahead = models.DurationField(
        null=True, blank=True, help_text=_("How far the switch's clock is ahead of ours; empty: it does not say")
    )
    local_at = models.DateTimeField(null=True, blank=True, help_text=_("The instant for which its zone was measured"))
    local_ahead = models.DurationField(
        null=True, blank=True, help_text=_("How far its local time was ahead of UTC then; empty: not measured")
    )
    zone_is_wrong = models.BooleanField(default=False, help_text=_("Its answers do not fit the zone that is set"))
    is_off = models.BooleanField(default=False, help_text=_("Its clock or its zone needs a look"))
    refused_from = models.TimeField(
        null=True, blank=True, help_text=_("From when it was seen to refuse call records, by its clock")
    )
    refused_until = models.TimeField(null=True, blank=True, help_text=_("And until when"))
    refused_at = models.DateTimeField(null=True, blank=True, help_text=_("When it last did"))
    longest_range = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        help_text=_("Most days of one question that it was seen to answer, where it refused more"),
    )
    range_learnt_at = models.DateTimeField(null=True, blank=True, help_text=_("When that was seen"))

    class Meta:
        verbose_name = _("observation of a switch")
        verbose_name_plural = _("observations of switches")

    def __str__(self) -> str:
        return str(self.switch)


class OnDemand(models.Model):
    """A list that is read of the switch on demand: how old it is, and whether it is being read."""

    asked_at = models.DateTimeField(null=True, blank=True, help_text=_("When they were last asked for"))
    ended_at = models.DateTimeField(null=True, blank=True, help_text=_("When that ended, well or not"))
    not_before = models.DateTimeField(null=True, blank=True, help_text=_("They are not asked for again before"))
    read_at = models.DateTimeField(null=True, blank=True, help_text=_("As of when the rows here are"))
    failure = models.CharField(max_length=300, blank=True, help_text=_("Why they were not read the last time"))

    class Meta:
        abstract = True

    @property
    def is_open(self) -> bool:
        """Whether a worker was asked to read the list and has not ended."""
        return self.asked_at is not None and (self.ended_at is None or self.ended_at < self.asked_at)
