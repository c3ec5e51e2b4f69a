from __future__ import annotations

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.lib.money_columns import AMOUNT_DIGITS, MONEY_PLACES
from accounts.models import Account
from billing.lib.reasons import BecauseField
from billing.lib.references import new_reference
from billing.topups.models import TopUp, TopUpState


def new_online_reference() -> str:
    return new_reference("OP", length=12)


class CardPaymentState(models.TextChoices):
    STARTED = "started", _("not paid yet")
    PAID = "paid", _("paid")
    DIFFERS = "differs", _("paid, but not what was asked for")
    ABANDONED = "abandoned", _("not paid")
    REFUNDED = "refunded", _("paid back")


# Every edge there is. `abandoned → paid`: the provider says so late, and money that was taken is never dropped.
CARD_PAYMENT_EDGES: tuple[tuple[CardPaymentState, CardPaymentState], ...] = (
    (CardPaymentState.STARTED, CardPaymentState.PAID),
    (CardPaymentState.STARTED, CardPaymentState.DIFFERS),
    (CardPaymentState.STARTED, CardPaymentState.ABANDONED),
    (CardPaymentState.ABANDONED, CardPaymentState.PAID),
    (CardPaymentState.ABANDONED, CardPaymentState.DIFFERS),
    (CardPaymentState.PAID, CardPaymentState.REFUNDED),
    (CardPaymentState.DIFFERS, CardPaymentState.REFUNDED),
)
# Who decides about payments: to change one is to settle it on a page of its own.
MAY_SETTLE = "card_payments.change_cardpayment"
# In these states the provider has the person's money.
RECEIVED = frozenset({CardPaymentState.PAID, CardPaymentState.DIFFERS})


class PaymentProvider(models.TextChoices):
    STRIPE = "stripe", "Stripe"
    DEMO = "demo", _("demo, without money")


class CardPaymentQuerySet(models.QuerySet["CardPayment"]):
    def owed(self) -> CardPaymentQuerySet:
        """Payments that are received, and whose top-up is on its way, in doubt, refused, or was never made."""
        credited = TopUp.objects.filter(online=models.OuterRef("pk"), state=TopUpState.CONFIRMED)
        return self.filter(~models.Exists(credited), state__in=RECEIVED)


class CardPayment(models.Model):
    """A payment by card at a provider, with its outcome. The portal never sees the card.

    That it is paid is committed before its top-up is requested; of its top-ups only one at a time is not refused.
    `amount` is in `currency`, the switch's, as it was when the payment was started.
    """

    reference = models.CharField(max_length=20, unique=True, default=new_online_reference, editable=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="online_payments")
    amount = models.DecimalField(max_digits=AMOUNT_DIGITS, decimal_places=MONEY_PLACES)
    currency = models.CharField(max_length=3)
    paid_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="online_payments")
    key = models.CharField(max_length=64, help_text=_("Of the form: the same key gives the same payment"))
    provider = models.CharField(max_length=10, choices=PaymentProvider.choices)
    attempt = models.PositiveSmallIntegerField(
        default=1, help_text=_("Of the form: another one follows where the one before surely cannot be paid")
    )
    session = models.CharField(
        max_length=200, blank=True, help_text=_("What the provider calls it, once it has answered")
    )
    intent = models.CharField(
        max_length=200, blank=True, help_text=_("What the provider calls the charge, by which refunds name it")
    )
    open_failed_at = models.DateTimeField(
        null=True, blank=True, help_text=_("When the provider answered with an error instead of a page to pay on")
    )
    under_way_since = models.DateTimeField(
        null=True, blank=True, help_text=_("When the portal heard that the person has done all, and the bank has not")
    )

    state = models.CharField(max_length=10, choices=CardPaymentState.choices, default=CardPaymentState.STARTED)
    started_at = models.DateTimeField()
    next_look_at = models.DateTimeField(help_text=_("When the provider is asked about it, while it is not paid yet"))
    looks = models.PositiveIntegerField(default=0, help_text=_("How often a sweep has asked"))
    looked_at = models.DateTimeField(null=True, blank=True, help_text=_("When the provider was asked last"))
    paid_at = models.DateTimeField(null=True, blank=True, help_text=_("When the portal heard that it is paid"))
    received = models.CharField(max_length=300, blank=True, help_text=_("What the provider states to have received"))
    why = BecauseField(null=True, blank=True, help_text=_("Why it is not credited, for people"))
    settled_at = models.DateTimeField(null=True, blank=True, help_text=_("When staff marked it as paid back"))
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    settled_why = models.CharField(max_length=300, blank=True)
    next_reversal_look_at = models.DateTimeField(
        null=True, blank=True, help_text=_("When the provider is asked about refunds and disputes")
    )
    reversal_looks = models.PositiveIntegerField(default=0, help_text=_("How often a sweep has asked about them"))

    objects = CardPaymentQuerySet.as_manager()

    class Meta:
        verbose_name = _("online payment")
        indexes = [
            models.Index(fields=["account", "-started_at"]),
            models.Index(fields=["next_look_at"], condition=Q(state="started"), name="online_to_look_at"),
            models.Index(fields=["paid_at"], condition=Q(state__in=["paid", "differs"]), name="online_received"),
            models.Index(
                fields=["next_reversal_look_at"],
                condition=Q(next_reversal_look_at__isnull=False),
                name="online_reversals_to_ask",
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["paid_by", "key", "attempt"], name="online_once_per_key"),
            models.UniqueConstraint(
                fields=["provider", "session"], condition=~Q(session=""), name="online_once_per_session"
            ),
            models.UniqueConstraint(
                fields=["provider", "intent"], condition=~Q(intent=""), name="online_once_per_intent"
            ),
            models.CheckConstraint(condition=Q(state__in=CardPaymentState.values), name="online_state_is_known"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="online_amount_is_positive"),
            models.CheckConstraint(
                condition=Q(paid_at__isnull=False, state__in=["paid", "differs", "refunded"])
                | Q(paid_at__isnull=True, state__in=["started", "abandoned"]),
                name="online_paid_has_its_time",
            ),
            models.CheckConstraint(
                condition=(Q(state="refunded", settled_at__isnull=False, settled_by__isnull=False) & ~Q(settled_why=""))
                | (~Q(state="refunded") & Q(settled_at__isnull=True, settled_by__isnull=True, settled_why="")),
                name="online_paid_back_by_a_person",
            ),
        ]
        triggers = [
            pgtrigger.FSM(
                name="online_listed_edges_only",
                field="state",
                transitions=[(str(a), str(b)) for a, b in CARD_PAYMENT_EDGES],
            ),
            pgtrigger.Protect(name="online_never_deleted", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="online_session_stays",
                operation=pgtrigger.Update,
                condition=~pgtrigger.Q(old__session="") & ~pgtrigger.Q(old__session=pgtrigger.F("new__session")),
            ),
            pgtrigger.Protect(
                name="online_intent_stays",
                operation=pgtrigger.Update,
                condition=~pgtrigger.Q(old__intent="") & ~pgtrigger.Q(old__intent=pgtrigger.F("new__intent")),
            ),
            pgtrigger.ReadOnly(
                name="online_request_never_changes",
                fields=[
                    *("reference", "account", "amount", "currency"),
                    *("paid_by", "key", "attempt", "provider", "started_at"),
                ],
            ),
        ]

    def __str__(self) -> str:
        return self.reference
