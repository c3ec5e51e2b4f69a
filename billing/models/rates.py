"""What is read of a switch when somebody wants it: rates, and the packages of an account."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import OpClass
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from accounts.models import Account, Switch

# What the switch says of a prefix.
SAID = ("prefix", "area_name", "fee", "period", "first_fees", "first_seconds")


class Wanted(models.Model):
    """Rows as last read, and how asking for them goes."""

    asked_at = models.DateTimeField(null=True, blank=True, help_text="When they were last asked for")
    ended_at = models.DateTimeField(null=True, blank=True, help_text="When that ended, well or not")
    not_before = models.DateTimeField(null=True, blank=True, help_text="They are not asked for again before")
    read_at = models.DateTimeField(null=True, blank=True, help_text="As of when the rows here are")
    failure = models.CharField(max_length=300, blank=True, help_text="Why they were not read the last time")

    class Meta:
        abstract = True

    @property
    def is_open(self) -> bool:
        """Whether they were asked for and that has not ended."""
        return self.asked_at is not None and (self.ended_at is None or self.ended_at < self.asked_at)


class RateGroup(Wanted):
    """The rates of one group of a switch (manual §3.44)."""

    switch = models.ForeignKey(Switch, on_delete=models.CASCADE, related_name="rate_groups")
    name = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["switch", "name"], name="rate_group_once")]

    def __str__(self) -> str:
        return f"rates of {self.name}"


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
        indexes = [models.Index("group", OpClass(Lower("area_name"), name="text_pattern_ops"), name="rate_by_area")]
        constraints = [
            models.UniqueConstraint(fields=["group", "prefix"], name="rate_once_per_prefix"),
            models.CheckConstraint(condition=Q(period__gt=0), name="rate_has_a_period"),
        ]

    def __str__(self) -> str:
        return f"{self.prefix} {self.area_name}"

    def is_like(self, other: Rate) -> bool:
        """Whether both say the same of their prefix."""
        return all(getattr(self, field) == getattr(other, field) for field in SAID)


class PackageList(Wanted):
    """The packages that an account has or had (manual §3.25, §3.29)."""

    account = models.OneToOneField(Account, on_delete=models.CASCADE, related_name="package_list")

    def __str__(self) -> str:
        return f"packages of {self.account.number}"


class Package(models.Model):
    """It pays for calls to numbers that begin with one of the prefixes; an empty one stands for all numbers."""

    package_list = models.ForeignKey(PackageList, on_delete=models.CASCADE, related_name="packages")
    name = models.TextField()
    prefixes = ArrayField(models.TextField())
    begins_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True, help_text="Empty: it does not end")

    def __str__(self) -> str:
        return self.name
