"""Refunds and disputes of payments by card, as the provider states them, and the lock that may follow a dispute.

The portal takes no money back by itself: a person reads of them, and decides.
"""

from __future__ import annotations

from decimal import Decimal

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q, Sum
from django.utils.translation import gettext_lazy as _

from accounts.models import Account
from billing.card_payments.models.payments import CardPayment
from billing.lib.reasons import BecauseField


class ReversalKind(models.TextChoices):
    REFUND = "refund", _("refund")
    DISPUTE = "dispute", _("dispute")


class ReversalState(models.TextChoices):
    PENDING = "pending", _("on its way back")
    SUCCEEDED = "succeeded", _("paid back")
    FAILED = "failed", _("not paid back after all")
    OPENED = "opened", _("disputed")
    WON = "won", _("dispute won")
    LOST = "lost", _("dispute lost")
    WITHDRAWN = "withdrawn", _("dispute closed without a claim")


STATES_OF = {
    ReversalKind.REFUND: (ReversalState.PENDING, ReversalState.SUCCEEDED, ReversalState.FAILED),
    ReversalKind.DISPUTE: (ReversalState.OPENED, ReversalState.WON, ReversalState.LOST, ReversalState.WITHDRAWN),
}
# In these the money is back with the cardholder, or on its way there.
TAKES_MONEY = frozenset({ReversalState.PENDING, ReversalState.SUCCEEDED, ReversalState.OPENED, ReversalState.LOST})
# A dispute that was decided may be decided otherwise later, but is never open again.
DECIDED = (ReversalState.WON, ReversalState.LOST, ReversalState.WITHDRAWN)
REVERSAL_EDGES: tuple[tuple[ReversalState, ReversalState], ...] = (
    (ReversalState.PENDING, ReversalState.SUCCEEDED),
    (ReversalState.PENDING, ReversalState.FAILED),
    (ReversalState.SUCCEEDED, ReversalState.FAILED),
    *((ReversalState.OPENED, decided) for decided in DECIDED),
    *((before, after) for before in DECIDED for after in DECIDED if before != after),
)


class CardReversalQuerySet(models.QuerySet["CardReversal"]):
    def takes_money(self) -> CardReversalQuerySet:
        return self.filter(state__in=TAKES_MONEY)

    def unhandled(self) -> CardReversalQuerySet:
        return self.filter(handled_at__isnull=True)

    def refunded(self) -> Decimal:
        """What was paid back so far, or is on its way back: partial refunds add up."""
        backs = self.filter(kind=ReversalKind.REFUND).takes_money()
        total: Decimal = backs.aggregate(sum=Sum("amount", default=Decimal(0)))["sum"]
        return total


class CardReversal(models.Model):
    """One refund or dispute at the provider. It may be heard of before its payment is known to be paid."""

    payment = models.ForeignKey(CardPayment, on_delete=models.PROTECT, related_name="reversals")
    kind = models.CharField(max_length=7, choices=ReversalKind.choices)
    number = models.CharField(max_length=200, unique=True, help_text=_("What the provider calls it"))
    amount = models.DecimalField(max_digits=18, decimal_places=6)
    currency = models.CharField(max_length=3)
    state = models.CharField(max_length=9, choices=ReversalState.choices)
    grounds = models.CharField(max_length=100, blank=True, help_text=_("The provider's word for why"))
    told_at = models.DateTimeField(help_text=_("When the provider stated this, by its own clock"))
    heard_at = models.DateTimeField(help_text=_("When the portal heard of it first"))
    handled_at = models.DateTimeField(
        null=True, blank=True, help_text=_("When staff looked at it as it is now; another state clears this")
    )
    handled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    handled_why = models.CharField(max_length=300, blank=True)

    objects = CardReversalQuerySet.as_manager()

    class Meta:
        verbose_name = _("refund or dispute")
        verbose_name_plural = _("refunds and disputes")
        indexes = [models.Index(fields=["payment"], condition=Q(handled_at__isnull=True), name="reversal_unhandled")]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="reversal_amount_is_positive"),
            models.CheckConstraint(
                condition=Q(kind="refund", state__in=["pending", "succeeded", "failed"])
                | Q(kind="dispute", state__in=["opened", "won", "lost", "withdrawn"]),
                name="reversal_state_is_of_its_kind",
            ),
            models.CheckConstraint(
                condition=(Q(handled_at__isnull=False, handled_by__isnull=False) & ~Q(handled_why=""))
                | Q(handled_at__isnull=True, handled_by__isnull=True, handled_why=""),
                name="reversal_handled_by_a_person",
            ),
        ]
        triggers = [
            pgtrigger.FSM(
                name="reversal_listed_edges_only",
                field="state",
                transitions=[(str(a), str(b)) for a, b in REVERSAL_EDGES],
            ),
            pgtrigger.Protect(name="reversal_never_deleted", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(
                name="reversal_stays_what_it_is", fields=["payment", "kind", "number", "currency", "heard_at"]
            ),
        ]

    def __str__(self) -> str:
        return self.number


class DisputeLockState(models.TextChoices):
    WAITING = "waiting", _("waiting to be sent")
    SENDING = "sending", _("being sent")
    IN_DOUBT = "in_doubt", _("being checked")
    LOCKED = "locked", _("locked")
    NOT_LOCKED = "not_locked", _("not locked")


DISPUTE_LOCK_ENDS = frozenset({DisputeLockState.LOCKED, DisputeLockState.NOT_LOCKED})
# `sending → waiting`: it provably never left.
DISPUTE_LOCK_EDGES: tuple[tuple[DisputeLockState, DisputeLockState], ...] = (
    (DisputeLockState.WAITING, DisputeLockState.SENDING),
    (DisputeLockState.WAITING, DisputeLockState.LOCKED),
    (DisputeLockState.WAITING, DisputeLockState.NOT_LOCKED),
    (DisputeLockState.SENDING, DisputeLockState.WAITING),
    (DisputeLockState.SENDING, DisputeLockState.LOCKED),
    (DisputeLockState.SENDING, DisputeLockState.NOT_LOCKED),
    (DisputeLockState.SENDING, DisputeLockState.IN_DOUBT),
    (DisputeLockState.IN_DOUBT, DisputeLockState.LOCKED),
    (DisputeLockState.IN_DOUBT, DisputeLockState.NOT_LOCKED),
)


class DisputeLock(models.Model):
    """That an account is to be locked on the switch because of a dispute, and its outcome. It is sent at most once."""

    dispute = models.OneToOneField(CardReversal, on_delete=models.PROTECT, related_name="lock")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="dispute_locks")
    state = models.CharField(max_length=10, choices=DisputeLockState.choices, default=DisputeLockState.WAITING)
    why = BecauseField(null=True, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    requested_at = models.DateTimeField()
    next_step_at = models.DateTimeField(help_text=_("From when a sweep goes on with it"))
    sent_at = models.DateTimeField(null=True, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["next_step_at"], condition=~Q(state__in=["locked", "not_locked"]), name="dispute_lock_to_go_on"
            )
        ]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=DisputeLockState.values), name="dispute_lock_state_is_known"),
            models.CheckConstraint(
                condition=Q(state__in=["locked", "not_locked"], settled_at__isnull=False)
                | (~Q(state__in=["locked", "not_locked"]) & Q(settled_at__isnull=True)),
                name="dispute_lock_ends_at_an_instant",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["sending", "in_doubt"]) | Q(sent_at__isnull=False),
                name="dispute_lock_in_doubt_was_sent",
            ),
        ]
        triggers = [
            pgtrigger.FSM(
                name="dispute_lock_listed_edges_only",
                field="state",
                transitions=[(str(a), str(b)) for a, b in DISPUTE_LOCK_EDGES],
            ),
            pgtrigger.Protect(name="dispute_lock_never_deleted", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(name="dispute_lock_stays_what_it_is", fields=["dispute", "account", "requested_at"]),
        ]

    def __str__(self) -> str:
        return f"{self.dispute}: {self.account}"
