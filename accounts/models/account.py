from __future__ import annotations

from decimal import Decimal

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.crypto import get_random_string
from django.utils.translation import gettext_lazy as _

from accounts.lib.money_columns import AMOUNT_DIGITS, MONEY_PLACES, SUM_DIGITS
from accounts.models.switch import Switch

# No vowels and no look-alikes: an address is read out on the telephone and must not spell anything.
ID_ALPHABET = "bcdfghjkmnpqrstvwxz23456789"

# What the switch states as the overdraft of an account without a limit.
NO_LIMIT = 2147483647

LONGEST_NUMBER = 100


def new_public_id() -> str:
    return get_random_string(14, ID_ALPHABET)


class LockType(models.IntegerChoices):
    """Manual §3.4, lockType."""

    OPEN = 0, _("open")
    LOCKED = 1, _("locked")


class ExpiryKind(models.TextChoices):
    """What `validTime` says: an instant, or one of its two values that are no dates."""

    UNKNOWN = "unknown", _("unknown")
    AT = "at", _("at an instant")
    NEVER = "never", _("never")
    SYSTEM_DEFAULT = "default", _("by the system's default")


class Account(models.Model):
    """An account on a switch as last seen there. Money is in the switch's currency; None is not yet known."""

    public_id = models.CharField(max_length=20, unique=True, default=new_public_id, editable=False)
    switch = models.ForeignKey(Switch, on_delete=models.PROTECT, related_name="accounts")
    number = models.CharField(_("VOS3000 account id"), max_length=LONGEST_NUMBER)
    name = models.CharField(max_length=200, blank=True)
    parent = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="children",
        verbose_name=_("agent"),
    )
    is_agent = models.BooleanField(default=False)
    lock_type = models.IntegerField(choices=LockType.choices, default=LockType.OPEN)
    rate_group = models.CharField(max_length=200, blank=True)
    opened_at = models.DateTimeField(null=True, blank=True)
    expiry = models.CharField(max_length=10, choices=ExpiryKind.choices, default=ExpiryKind.UNKNOWN)
    valid_until = models.DateTimeField(null=True, blank=True)
    profile_at = models.DateTimeField(null=True, blank=True, help_text=_("When name, lock, expiry and agent were read"))
    missing_since = models.DateTimeField(null=True, blank=True, help_text=_("Since when the switch does not know it"))

    balance = models.DecimalField(max_digits=SUM_DIGITS, decimal_places=MONEY_PLACES, null=True, blank=True)
    overdraft = models.DecimalField(max_digits=SUM_DIGITS, decimal_places=MONEY_PLACES, null=True, blank=True)
    balance_at = models.DateTimeField(
        null=True, blank=True, help_text=_("When the request that read the balance was sent")
    )
    money_changed_at = models.DateTimeField(
        null=True, blank=True, help_text=_("When the switch last said that the balance changed: one read before is old")
    )
    today_charges = models.DecimalField(max_digits=SUM_DIGITS, decimal_places=MONEY_PLACES, null=True, blank=True)
    today_at = models.DateTimeField(null=True, blank=True)

    credit_without_debit = models.DecimalField(
        _("daily credit without debit"),
        max_digits=AMOUNT_DIGITS,
        decimal_places=MONEY_PLACES,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal(0))],
        help_text=_(
            "Of an agent: how much it may credit a day without being debited. Empty: each top-up is a transfer."
        ),
    )
    # What the operator lets an agent's owners do for the accounts directly below it; they mean nothing elsewhere.
    may_open_customers = models.BooleanField(
        _("may open accounts"), default=False, help_text=_("Of an agent: it opens accounts directly below its own.")
    )
    may_lock_customers = models.BooleanField(
        _("may lock and unlock"), default=False, help_text=_("Of an agent: the accounts directly below its own.")
    )
    may_set_overdrafts = models.BooleanField(
        _("may set overdrafts"),
        default=False,
        help_text=_("Of an agent: of the accounts directly below its own, together within its own overdraft."),
    )
    may_see_margin = models.BooleanField(
        _("may see its margin"),
        default=False,
        help_text=_("Of an agent: what its customers' calls cost it, beside what they cost them."),
    )
    viewed_at = models.DateTimeField(null=True, blank=True, help_text=_("When a person last opened one of its pages"))

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["switch", "number"], name="account_once_per_switch"),
            # What tells both of a row can be held to tell an account of that switch.
            models.UniqueConstraint(fields=["switch", "id"], name="account_of_switch"),
            models.CheckConstraint(
                condition=Q(expiry=ExpiryKind.AT, valid_until__isnull=False)
                | (~Q(expiry=ExpiryKind.AT) & Q(valid_until__isnull=True)),
                name="account_expiry_has_its_instant",
            ),
            models.CheckConstraint(
                condition=Q(parent__isnull=True) | ~Q(parent=F("id")), name="account_is_not_its_own_agent"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} ({self.name})" if self.name and self.name != self.number else self.number

    @property
    def spendable(self) -> Decimal | None:
        """What can still be spent: the balance and the overdraft allowed below zero."""
        if self.balance is None or self.overdraft is None:
            return None
        return self.balance + self.overdraft

    @property
    def is_unlimited(self) -> bool:
        return self.overdraft == NO_LIMIT

    @property
    def is_locked(self) -> bool:
        return self.lock_type == LockType.LOCKED
