from __future__ import annotations

from django.db import models

from accounts.lib.money import money
from accounts.models import Account


class Stream(models.TextChoices):
    PAYMENTS = "payments", "payments"
    CHARGES = "charges", "charges"


class SyncMark(models.Model):
    """Up to when an account's payments or charges have been read without a gap."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="sync_marks")
    stream = models.CharField(max_length=10, choices=Stream.choices)
    complete_from = models.DateTimeField()
    complete_until = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "stream"], name="sync_mark_once"),
            models.CheckConstraint(
                condition=models.Q(complete_from__lte=models.F("complete_until")),
                name="sync_mark_runs_forward",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.stream} of {self.account.number}"


class Mirrored(models.Model):
    """A row that the switch lists without an id: equal rows are told apart by counting them."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="%(class)ss")
    digest = models.CharField(max_length=64, help_text="SHA-256 of every field that the switch states")
    occurrence = models.PositiveIntegerField(default=0, help_text="0 for the first of equal rows, 1 for the second, …")
    balance_after = models.DecimalField(max_digits=20, decimal_places=6)

    class Meta:
        abstract = True
        constraints = [
            models.UniqueConstraint(fields=["account", "digest", "occurrence"], name="%(class)s_once"),
        ]


class Payment(Mirrored):
    """A row of GetPayHistory (manual §3.46). `amount` is signed: what it did to the balance."""

    class Kind(models.IntegerChoices):
        TOP_UP = 0, "top-up"
        DEDUCTION = 1, "deduction"
        OPENING = 2, "opening"
        ZEROING = 3, "zeroing"

    class Method(models.IntegerChoices):
        CASH = 0, "cash"
        VOUCHER = 2, "voucher card"
        OTHER = 5, "other"

    paid_at = models.DateTimeField()
    kind = models.IntegerField(choices=Kind.choices)
    method = models.IntegerField(choices=Method.choices)
    amount = models.DecimalField(max_digits=20, decimal_places=6)
    memo = models.TextField(blank=True)

    class Meta(Mirrored.Meta):
        indexes = [models.Index(fields=["account", "-paid_at", "-id"], name="payment_history")]

    def __str__(self) -> str:
        return f"{money(self.amount)} on {self.paid_at:%Y-%m-%d %H:%M}"


class Charge(Mirrored):
    """A row of GetConsumption (manual §3.64): a charge that is not a call. `amount` is what was taken."""

    class Kind(models.IntegerChoices):
        PACKAGE_RENT = 0, "package rent"
        PHONE_RENT = 1, "phone rent"
        PHONE_MINIMUM = 2, "phone minimum"
        PACKAGE_MINIMUM = 3, "package minimum"

    charged_at = models.DateTimeField()
    kind = models.IntegerField(choices=Kind.choices)
    item = models.CharField(max_length=100, blank=True, help_text="consumptionName: what was charged for")
    amount = models.DecimalField(max_digits=20, decimal_places=6)

    class Meta(Mirrored.Meta):
        indexes = [models.Index(fields=["account", "-charged_at", "-id"], name="charge_history")]

    def __str__(self) -> str:
        return f"{money(self.amount)} on {self.charged_at:%Y-%m-%d %H:%M}"
