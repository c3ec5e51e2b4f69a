"""The rates of a rate group, read of its switch when a page needs them."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import OpClass
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from accounts.models import Switch
from billing.switches.models import OnDemand

# The fields that the switch states for a prefix.
SAID = ("prefix", "area_name", "fee", "period", "first_fees", "first_seconds")


class RateGroup(OnDemand):
    """A rate group of a switch (manual §3.44): the list of its rates, read on demand."""

    switch = models.ForeignKey(Switch, on_delete=models.CASCADE, related_name="rate_groups")
    name = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["switch", "name"], name="rate_group_once")]

    def __str__(self) -> str:
        return f"rates of {self.name}"


class Rate(models.Model):
    """The price of calls to numbers that begin with a prefix: `fee` for each `period` of seconds that is begun.

    Before that, each of the first intervals, which last `first_seconds`, costs its own of the `first_fees`. Fees have
    the places that the switch states, more than a balance has.
    """

    group = models.ForeignKey(RateGroup, on_delete=models.CASCADE, related_name="rates")
    prefix = models.TextField()
    area_name = models.TextField(blank=True)
    fee = models.DecimalField(max_digits=24, decimal_places=12)
    period = models.PositiveIntegerField(help_text=_("Seconds"))
    first_fees = ArrayField(models.DecimalField(max_digits=24, decimal_places=12), default=list)
    first_seconds = ArrayField(models.PositiveIntegerField(), default=list)

    class Meta:
        indexes = [models.Index("group", OpClass(Lower("area_name"), name="text_pattern_ops"), name="rate_by_area")]
        constraints = [
            models.UniqueConstraint(fields=["group", "prefix"], name="rate_once_per_prefix"),
            models.CheckConstraint(condition=Q(period__gt=0), name="rate_has_a_period"),
        ]

    def __str__(self) -> str:
        return f"{self.prefix} {self.area_name}"

    def is_like(self, other: Rate) -> bool:
        """Whether both state the same for the same prefix."""
        return all(getattr(self, field) == getattr(other, field) for field in SAID)
