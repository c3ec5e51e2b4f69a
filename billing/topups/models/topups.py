from __future__ import annotations

import re

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.lib.money_columns import AMOUNT_DIGITS, MONEY_PLACES, SUM_DIGITS
from accounts.models import Account
from billing.lib.reasons import BecauseField
from billing.lib.references import REFERENCE_ALPHABET, new_reference

REFERENCE = re.compile(rf"(?<![\w-])TU-[{REFERENCE_ALPHABET}]{{10}}(?![\w-])")


def references(memo: str) -> list[str]:
    """Find the references in a memo, each of which stands there as a word of its own."""
    return REFERENCE.findall(memo)


def new_topup_reference() -> str:
    return new_reference("TU")


class TopUpState(models.TextChoices):
    REQUESTED = "requested", _("waiting to be sent")
    SENDING = "sending", _("being sent")
    CONFIRMED = "confirmed", _("confirmed")
    REFUSED = "refused", _("refused")
    IN_DOUBT = "in_doubt", _("being checked")
    REVIEW = "review", _("with our staff")
    NOT_APPLIED = "not_applied", _("not applied")


# Every edge there is. `sending → requested`: the request provably never left. `requested → refused`: its deadline
# passed, or the payment by card that it credits was paid back.
EDGES: tuple[tuple[TopUpState, TopUpState], ...] = (
    (TopUpState.REQUESTED, TopUpState.SENDING),
    (TopUpState.REQUESTED, TopUpState.REFUSED),
    (TopUpState.SENDING, TopUpState.REQUESTED),
    (TopUpState.SENDING, TopUpState.CONFIRMED),
    (TopUpState.SENDING, TopUpState.REFUSED),
    (TopUpState.SENDING, TopUpState.IN_DOUBT),
    (TopUpState.IN_DOUBT, TopUpState.CONFIRMED),
    (TopUpState.IN_DOUBT, TopUpState.REVIEW),
    (TopUpState.REVIEW, TopUpState.CONFIRMED),
    (TopUpState.REVIEW, TopUpState.NOT_APPLIED),
)


# It is not known whether these were done; and these have not ended yet.
DOUBTFUL = frozenset({TopUpState.IN_DOUBT, TopUpState.REVIEW})
UNSETTLED = DOUBTFUL | {TopUpState.REQUESTED, TopUpState.SENDING}


class Kind(models.TextChoices):
    """Which `Pay` a row stands for. A transfer is a debit, then a credit; a refused credit is given back."""

    CREDIT = "credit", _("credit")
    DEBIT = "debit", _("debit of the agent")
    GIVE_BACK = "give_back", _("given back to the agent")


class Source(models.TextChoices):
    TRANSFER = "transfer", _("from the agent's balance")
    AGENT_CREDIT = "agent_credit", _("by the agent, without debit")
    OPERATOR = "operator", _("by the operator")
    VOUCHER = "voucher", _("by voucher card")
    ONLINE = "online", _("paid by card")


class TopUp(models.Model):
    """A request to change an account's balance by one `Pay` or `PayByPhoneCard`, with its outcome (§3.22, §3.58).

    It is committed before anything is sent, under a reference that goes into `memo`, and is sent at most once.
    `amount` is exactly what is sent: negative for a debit.
    """

    reference = models.CharField(max_length=20, unique=True, default=new_topup_reference, editable=False)
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.CREDIT)
    source = models.CharField(max_length=20, choices=Source.choices)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="topups")
    amount = models.DecimalField(max_digits=AMOUNT_DIGITS, decimal_places=MONEY_PLACES)
    note = models.CharField(max_length=200, blank=True)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="topups")
    key = models.CharField(max_length=64, help_text=_("Of the form or the command: the same key gives the same top-up"))
    payer = models.ForeignKey(
        Account,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="paid_topups",
        help_text=_("Of a credit: the agent that pays for it or vouches for it"),
    )
    debit = models.OneToOneField(
        "self",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="credit",
        help_text=_("Of a transfer's credit"),
    )
    gives_back = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="give_backs",
        help_text=_("The debit it undoes"),
    )
    reissue_of = models.OneToOneField(
        "self",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="reissued_as",
        help_text=_("The one, found not applied, that this one stands for"),
    )

    card = models.CharField(
        max_length=64,
        blank=True,
        editable=False,
        help_text=_("Of a voucher: a keyed digest of the card's number, the same for the same card"),
    )
    sealed_card = models.TextField(
        blank=True, editable=False, help_text=_("Of a voucher that has not ended: the card, encrypted")
    )
    online = models.ForeignKey(
        "card_payments.CardPayment",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="topups",
        help_text=_("The payment by card that it credits"),
    )
    mails_success = models.BooleanField(
        default=True,
        editable=False,
        help_text=_("Whether the person who asked for it is also mailed when it went well, or only when it did not"),
    )

    state = models.CharField(max_length=12, choices=TopUpState.choices, default=TopUpState.REQUESTED)
    requested_at = models.DateTimeField()
    deadline = models.DateTimeField(help_text=_("Until when it is tried while it provably never left"))
    attempts = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True, help_text=_("When it was claimed for sending, the last time"))
    looks = models.PositiveIntegerField(
        default=0, help_text=_("Complete looks at the payment history that did not find it")
    )
    next_look_at = models.DateTimeField(null=True, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)
    balance_after = models.DecimalField(max_digits=SUM_DIGITS, decimal_places=MONEY_PLACES, null=True, blank=True)
    why = BecauseField(null=True, blank=True, help_text=_("Why it was refused or is in doubt, for people"))
    payment = models.OneToOneField(
        "balances.Payment", null=True, blank=True, on_delete=models.PROTECT, related_name="topup"
    )

    class Meta:
        verbose_name = _("top-up")
        permissions = [
            ("credit_account", "Can credit an account as the operator"),
            ("reissue_topup", "Can ask for a re-issue, and approve another's"),
        ]
        indexes = [
            models.Index(fields=["account", "-requested_at"]),
            models.Index(fields=["requested_by", "-requested_at"], name="topup_of_a_person"),
            models.Index(
                fields=["next_attempt_at"],
                condition=Q(state__in=["requested", "sending"]),
                name="topup_to_send",
            ),
            models.Index(
                fields=["-requested_at"], condition=Q(state__in=["in_doubt", "review"]), name="topup_doubtful"
            ),
            models.Index(fields=["next_look_at"], condition=Q(state="in_doubt"), name="topup_in_doubt"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["requested_by", "kind", "key"], name="topup_once_per_key"),
            models.CheckConstraint(condition=Q(state__in=TopUpState.values), name="topup_state_is_known"),
            models.CheckConstraint(
                condition=Q(kind="debit", amount__lt=0) | (~Q(kind="debit") & Q(amount__gt=0)),
                name="topup_amount_has_its_sign",
            ),
            models.CheckConstraint(
                condition=Q(debit__isnull=True) | Q(kind="credit", source="transfer"),
                name="topup_only_a_transfer_has_a_debit",
            ),
            models.CheckConstraint(
                condition=~Q(kind="credit", source__in=["transfer", "agent_credit"]) | Q(payer__isnull=False),
                name="topup_an_agents_credit_names_the_agent",
            ),
            models.CheckConstraint(
                condition=Q(kind="give_back", gives_back__isnull=False)
                | (~Q(kind="give_back") & Q(gives_back__isnull=True)),
                name="topup_a_give_back_says_of_what",
            ),
            models.UniqueConstraint(
                fields=["gives_back"],
                condition=~Q(state__in=["refused", "not_applied"]),
                name="topup_given_back_once",
            ),
            models.CheckConstraint(
                condition=(Q(source="voucher") & ~Q(card="")) | (~Q(source="voucher") & Q(card="", sealed_card="")),
                name="topup_a_voucher_has_its_card",
            ),
            models.UniqueConstraint(
                fields=["card"],
                condition=~Q(card="") & ~Q(state__in=["refused", "not_applied"]),
                name="topup_once_per_card",
            ),
            models.CheckConstraint(
                condition=Q(sealed_card="") | Q(settled_at__isnull=True),
                name="topup_card_is_wiped_at_the_end",
            ),
            models.CheckConstraint(
                condition=Q(source="online", kind="credit", online__isnull=False)
                | (~Q(source="online") & Q(online__isnull=True)),
                name="topup_names_its_online_payment",
            ),
            models.UniqueConstraint(
                fields=["online"],
                condition=~Q(state__in=["refused", "not_applied"]),
                name="topup_credits_an_online_payment_once",
            ),
            models.CheckConstraint(
                condition=Q(settled_at__isnull=False, state__in=["confirmed", "refused", "not_applied"])
                | (Q(settled_at__isnull=True) & ~Q(state__in=["confirmed", "refused", "not_applied"])),
                name="topup_settled_means_ended",
            ),
        ]
        triggers = [
            pgtrigger.FSM(name="listed_edges_only", field="state", transitions=[(str(a), str(b)) for a, b in EDGES]),
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(
                name="request_never_changes",
                fields=[
                    "reference",
                    "kind",
                    "account",
                    "amount",
                    "requested_by",
                    "key",
                    "payer",
                    "debit",
                    "gives_back",
                    "card",
                    "reissue_of",
                    "online",
                    "requested_at",
                ],
            ),
            pgtrigger.Trigger(
                name="reissued_by_two",
                operation=pgtrigger.Insert,
                when=pgtrigger.Before,
                condition=pgtrigger.Condition("NEW.reissue_of_id IS NOT NULL"),
                func="""
                    IF NOT EXISTS (
                        SELECT FROM topups_topup first JOIN topups_reissue ON topup_id = first.id
                        WHERE first.id = NEW.reissue_of_id AND answer = 'approved' AND first.kind = NEW.kind
                          AND first.account_id = NEW.account_id AND first.amount = NEW.amount
                    ) THEN
                        RAISE EXCEPTION 'A re-issue needs the approval of a second person and the same body.';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return self.reference


class Transition(models.Model):
    """One step of a top-up. Append-only, in the database too; the first has an empty `from_state`."""

    topup = models.ForeignKey(TopUp, on_delete=models.PROTECT, related_name="transitions")
    from_state = models.CharField(max_length=12, choices=TopUpState.choices, blank=True)
    to_state = models.CharField(max_length=12, choices=TopUpState.choices)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    why = BecauseField(null=True, blank=True)
    evidence = models.JSONField(
        default=dict, blank=True, help_text=_("What the switch answered, without anything secret")
    )

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(from_state="", to_state="requested")
                | Q(*[Q(from_state=a, to_state=b) for a, b in EDGES], _connector=Q.OR),
                name="transition_is_a_listed_edge",
            ),
        ]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.topup_id}: {self.from_state or '·'} → {self.to_state}"
