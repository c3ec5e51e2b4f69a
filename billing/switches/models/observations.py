"""What the portal finds out about a switch by itself."""

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
