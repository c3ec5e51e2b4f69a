from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from accounts.models import Switch

# What the switch says of a prefix.
SAID = ("prefix", "area_name", "fee", "period", "first_fees", "first_seconds")


class RateGroup(models.Model):
    """The rates of one group of a switch as last read (manual §3.44), and how asking for them goes."""

    switch = models.ForeignKey(Switch, on_delete=models.CASCADE, related_name="rate_groups")
    name = models.TextField()
    asked_at = models.DateTimeField(null=True, blank=True, help_text="When they were last asked for")
    ended_at = models.DateTimeField(null=True, blank=True, help_text="When that ended, well or not")
    not_before = models.DateTimeField(null=True, blank=True, help_text="They are not asked for again before")
    read_at = models.DateTimeField(null=True, blank=True, help_text="As of when the rates here are")
    failure = models.CharField(max_length=300, blank=True, help_text="Why they were not read the last time")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["switch", "name"], name="rate_group_once")]

    def __str__(self) -> str:
        return self.name


class Rate(models.Model):
    """`fee` for each begun `period` of seconds, after the first intervals: each of `first_seconds` costs its fee.

    Fees have the places that the switch states, more than a balance has.
    """

    group = models.ForeignKey(RateGroup, on_delete=models.CASCADE, related_name="rates")
    prefix = models.TextField()
    area_name = models.TextField(blank=True)
    fee = models.DecimalField(max_digits=24, decimal_places=12)
    period = models.PositiveIntegerField(help_text="Seconds")
    first_fees = ArrayField(models.DecimalField(max_digits=24, decimal_places=12), default=list)
    first_seconds = ArrayField(models.PositiveIntegerField(), default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["group", "prefix"], name="rate_once_per_prefix"),
            models.CheckConstraint(condition=Q(period__gt=0), name="rate_has_a_period"),
        ]

    def __str__(self) -> str:
        return f"{self.prefix} {self.area_name}"

    def is_like(self, other: Rate) -> bool:
        """Whether both say the same of their prefix."""
        return all(getattr(self, field) == getattr(other, field) for field in SAID)
