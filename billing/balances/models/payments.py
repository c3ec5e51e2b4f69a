from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.lib.money import money
from accounts.lib.money_columns import MONEY_PLACES, SUM_DIGITS
from accounts.models import Account


class Stream(models.TextChoices):
    """The two lists of an account's money on the switch, which are read apart."""

    PAYMENTS = "payments", _("payments")
    CHARGES = "charges", _("charges")


class SyncMark(models.Model):
    """The stretch of time over which an account's payments or charges have been read without a gap."""

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


class MirroredRow(models.Model):
    """A row that the switch lists without an id: equal rows are told apart by counting them."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="%(class)ss")
    digest = models.CharField(max_length=64, help_text=_("SHA-256 of every field that the switch states"))
    occurrence = models.PositiveIntegerField(
        default=0, help_text=_("0 for the first of equal rows, 1 for the second, …")
    )
    balance_after = models.DecimalField(max_digits=SUM_DIGITS, decimal_places=MONEY_PLACES)

    class Meta:
        abstract = True
        constraints = [
            models.UniqueConstraint(fields=["account", "digest", "occurrence"], name="%(class)s_once"),
        ]


class Payment(MirroredRow):
    """A row of GetPayHistory (manual §3.46). `amount` is what it did to the balance: negative where money was taken."""

    class Kind(models.IntegerChoices):
        TOP_UP = 0, _("top-up")
        DEDUCTION = 1, _("deduction")
        OPENING = 2, _("opening")
        ZEROING = 3, _("zeroing")

    class Method(models.IntegerChoices):
        CASH = 0, _("cash")
        VOUCHER = 2, _("voucher card")
        OTHER = 5, _("other")

    paid_at = models.DateTimeField()
    kind = models.IntegerField(choices=Kind.choices)
    method = models.IntegerField(choices=Method.choices)
    amount = models.DecimalField(max_digits=SUM_DIGITS, decimal_places=MONEY_PLACES)
    memo = models.TextField(blank=True)

    class Meta(MirroredRow.Meta):
        indexes = [models.Index(fields=["account", "-paid_at", "-id"], name="payment_history")]

    def __str__(self) -> str:
        return f"{money(self.amount)} on {self.paid_at:%Y-%m-%d %H:%M}"


class Charge(MirroredRow):
    """A row of GetConsumption (manual §3.64): a charge that is not for a call. `amount` is what was taken."""

    class Kind(models.IntegerChoices):
        PACKAGE_RENT = 0, _("package rent")
        PHONE_RENT = 1, _("phone rent")
        PHONE_MINIMUM = 2, _("phone minimum")
        PACKAGE_MINIMUM = 3, _("package minimum")

    charged_at = models.DateTimeField()
    kind = models.IntegerField(choices=Kind.choices)
    item = models.CharField(max_length=100, blank=True, help_text=_("consumptionName: what was charged for"))
    amount = models.DecimalField(max_digits=SUM_DIGITS, decimal_places=MONEY_PLACES)

    class Meta(MirroredRow.Meta):
        indexes = [models.Index(fields=["account", "-charged_at", "-id"], name="charge_history")]

    def __str__(self) -> str:
        return f"{money(self.amount)} on {self.charged_at:%Y-%m-%d %H:%M}"
