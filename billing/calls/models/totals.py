from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.lib.money_columns import MONEY_PLACES, SUM_DIGITS
from accounts.models import Account


class CallTotal(models.Model):
    """Totals of an account's calls of one call day that started within one hour (UTC). They are kept for good.

    Hours of UTC add up to the days of every zone, save that those of half-hour zones begin within one.
    """

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="call_totals")
    day = models.DateField(help_text=_("The day of the switch's calendar whose report holds the calls"))
    hour = models.DateTimeField(help_text=_("The instant at which the hour begins"))
    calls = models.IntegerField()
    answered = models.IntegerField()
    talk_seconds = models.BigIntegerField()
    billed_seconds = models.BigIntegerField()
    fee = models.DecimalField(max_digits=SUM_DIGITS, decimal_places=MONEY_PLACES)

    class Meta:
        indexes = [
            models.Index(
                fields=["account", "hour"],
                include=["calls", "answered", "talk_seconds", "billed_seconds", "fee"],
                name="call_total_hour",
            )
        ]
        constraints = [
            models.UniqueConstraint(fields=["account", "day", "hour"], name="call_total_once"),
            models.CheckConstraint(condition=models.Q(calls__gt=0), name="call_total_is_of_calls"),
        ]

    def __str__(self) -> str:
        return f"{self.account_id}, {self.hour:%Y-%m-%d %H}: {self.calls}"


class DroppedMonth(models.Model):
    """A month (UTC) whose calls are dropped, or about to be; their totals stay."""

    month = models.DateField(unique=True, help_text=_("Its first day"))

    def __str__(self) -> str:
        return f"{self.month:%B %Y}"
