"""The packages of an account, read of its switch when a page needs them."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Account
from billing.switches.models import OnDemand


class PackageList(OnDemand):
    """The list of packages that an account has or had (manual §3.25, §3.29), read on demand."""

    account = models.OneToOneField(Account, on_delete=models.CASCADE, related_name="package_list")

    def __str__(self) -> str:
        return f"packages of {self.account.number}"


class Package(models.Model):
    """A package that pays for calls to numbers with one of its prefixes; an empty prefix stands for all numbers."""

    package_list = models.ForeignKey(PackageList, on_delete=models.CASCADE, related_name="packages")
    name = models.TextField()
    prefixes = ArrayField(models.TextField())
    begins_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True, help_text=_("Empty: it does not end"))

    def __str__(self) -> str:
        return self.name
