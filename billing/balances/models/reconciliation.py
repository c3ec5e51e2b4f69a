from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.lib.money import money
from accounts.lib.money_columns import MONEY_PLACES, SUM_DIGITS
from accounts.models import Account


class BalanceReading(models.Model):
    """A balance as the switch stated it at an instant: a checkpoint where no payment or charge states one."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="balance_readings")
    at = models.DateTimeField()
    balance = models.DecimalField(max_digits=SUM_DIGITS, decimal_places=MONEY_PLACES)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "at"], name="balance_reading_once")]

    def __str__(self) -> str:
        return f"{self.account.number}: {money(self.balance)} at {self.at:%Y-%m-%d %H:%M:%S}"


class Reconciliation(models.Model):
    """How one account's balance moved on one day of the switch's calendar.

    opening + payments − calls − agent_fees − charges + difference = closing, where `agent_fees` is what an agent pays
    for the calls of its customers, and `difference` is what nothing explains.
    """

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="reconciliations")
    day = models.DateField()
    opening = models.DecimalField(max_digits=SUM_DIGITS, decimal_places=MONEY_PLACES)
    payments = models.DecimalField(max_digits=SUM_DIGITS, decimal_places=MONEY_PLACES)
    calls = models.DecimalField(max_digits=SUM_DIGITS, decimal_places=MONEY_PLACES)
    agent_fees = models.DecimalField(max_digits=SUM_DIGITS, decimal_places=MONEY_PLACES)
    charges = models.DecimalField(max_digits=SUM_DIGITS, decimal_places=MONEY_PLACES)
    difference = models.DecimalField(max_digits=SUM_DIGITS, decimal_places=MONEY_PLACES)
    closing = models.DecimalField(max_digits=SUM_DIGITS, decimal_places=MONEY_PLACES)
    computed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "day"], name="reconciliation_once"),
            models.CheckConstraint(
                condition=models.Q(
                    closing=models.F("opening")
                    + models.F("payments")
                    - models.F("calls")
                    - models.F("agent_fees")
                    - models.F("charges")
                    + models.F("difference")
                ),
                name="reconciliation_adds_up",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account.number} on {self.day}"


class Cause(models.TextChoices):
    """The likely reason for a difference."""

    RECORD_EDITED = "record_edited", _("a call record was edited")
    RECORD_MISSING = "record_missing", _("a call record is missing")
    LATE_RECORD = "late_record", _("a call record has not arrived yet")
    PAYMENT_WITHOUT_RECORD = "payment_without_record", _("money came without a payment record")
    BALANCE_SET = "balance_set", _("someone set the balance")
    UNKNOWN = "unknown", _("not known")


class Case(models.Model):
    """A difference between two checkpoints that nothing explains.

    A person closes a case, or the portal does when later records explain it (`is_explained`).
    """

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="cases")
    begins_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    difference = models.DecimalField(
        max_digits=SUM_DIGITS, decimal_places=MONEY_PLACES, help_text=_("Stated minus expected change of the balance")
    )
    cause = models.CharField(max_length=30, choices=Cause.choices, default=Cause.UNKNOWN)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    is_explained = models.BooleanField(_("explained by later records"), default=False)
    note = models.TextField(blank=True)

    class Meta:
        permissions = [("close_case", "Can close case")]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "begins_at", "ends_at"],
                condition=models.Q(closed_at__isnull=True),
                name="case_open_once_per_interval",
            ),
            models.CheckConstraint(condition=models.Q(begins_at__lte=models.F("ends_at")), name="case_runs_forward"),
        ]

    def __str__(self) -> str:
        return f"{self.account.number}: {money(self.difference)} until {self.ends_at:%Y-%m-%d %H:%M}"
