from __future__ import annotations

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q

from accounts.models import Account, Invitation
from billing.lib.references import new_reference


def new_change_reference() -> str:
    return new_reference("CH")


class ChangeKind(models.TextChoices):
    OPEN = "open", "open the account"
    LOCK = "lock", "lock it"
    UNLOCK = "unlock", "unlock it"
    OVERDRAFT = "overdraft", "set its overdraft"


class ChangeState(models.TextChoices):
    REQUESTED = "requested", "waiting to be sent"
    SENDING = "sending", "being sent"
    IN_DOUBT = "in_doubt", "being checked"
    DONE = "done", "done"
    REFUSED = "refused", "not done"


# `sending → requested`: it provably never left. `in doubt → refused`: looked for long enough, and it is not so.
CHANGE_EDGES: tuple[tuple[ChangeState, ChangeState], ...] = (
    (ChangeState.REQUESTED, ChangeState.SENDING),
    (ChangeState.REQUESTED, ChangeState.DONE),  # it was so already
    (ChangeState.REQUESTED, ChangeState.REFUSED),
    (ChangeState.SENDING, ChangeState.REQUESTED),
    (ChangeState.SENDING, ChangeState.DONE),
    (ChangeState.SENDING, ChangeState.REFUSED),
    (ChangeState.SENDING, ChangeState.IN_DOUBT),
    (ChangeState.IN_DOUBT, ChangeState.DONE),
    (ChangeState.IN_DOUBT, ChangeState.REFUSED),
)
CHANGE_ENDS = frozenset({ChangeState.DONE, ChangeState.REFUSED})
WITH_OVERDRAFT = (ChangeKind.OPEN, ChangeKind.OVERDRAFT)


class CustomerChange(models.Model):
    """A wish of an agent about an account directly below its own, and what became of it (manual §3.1, §3.2).

    It is committed before anything is sent. `number` names the account, which an opening has not got yet.
    """

    reference = models.CharField(max_length=20, unique=True, default=new_change_reference, editable=False)
    agent = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="changes_asked_for")
    kind = models.CharField(max_length=10, choices=ChangeKind.choices)
    number = models.CharField("VOS3000 account id", max_length=100)
    account = models.ForeignKey(Account, null=True, blank=True, on_delete=models.PROTECT, related_name="changes")
    name = models.CharField(max_length=200, blank=True)
    overdraft = models.DecimalField(max_digits=18, decimal_places=6, null=True, blank=True)
    rate_group = models.CharField(max_length=200, blank=True)
    email = models.EmailField("invites", blank=True)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    key = models.CharField(max_length=64)
    requested_at = models.DateTimeField()
    deadline = models.DateTimeField(help_text="Until when it is tried to send it")

    state = models.CharField(max_length=10, choices=ChangeState.choices, default=ChangeState.REQUESTED)
    why = models.CharField(max_length=300, blank=True, help_text="For people")
    attempts = models.PositiveSmallIntegerField(default=0)
    looks = models.PositiveSmallIntegerField(default=0, help_text="Complete ones, since it came into doubt")
    next_step_at = models.DateTimeField(help_text="From when a sweep goes on with it")
    sent_at = models.DateTimeField(null=True, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)
    invitation = models.ForeignKey(
        Invitation, null=True, blank=True, on_delete=models.SET_NULL, related_name="customer_changes"
    )
    mailed_at = models.DateTimeField(null=True, blank=True, help_text="When the invitation's mail was handed in")

    class Meta:
        indexes = [
            models.Index(fields=["agent", "-id"]),
            models.Index(fields=["next_step_at"], condition=~Q(state__in=["done", "refused"]), name="change_to_go_on"),
            models.Index(
                fields=["next_step_at"],
                condition=Q(kind="open", state="done", mailed_at__isnull=True) & ~Q(email=""),
                name="change_to_mail",
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["requested_by", "key"], name="change_once_per_key"),
            models.UniqueConstraint(
                fields=["agent", "number"], condition=~Q(state__in=["done", "refused"]), name="change_one_at_a_time"
            ),
            models.CheckConstraint(condition=Q(state__in=ChangeState.values), name="change_state_is_known"),
            models.CheckConstraint(
                condition=Q(kind__in=[kind.value for kind in WITH_OVERDRAFT], overdraft__gte=0)
                | Q(kind__in=["lock", "unlock"], overdraft__isnull=True),
                name="change_says_the_overdraft_it_sets",
            ),
            models.CheckConstraint(
                condition=Q(kind="open") | Q(account__isnull=False), name="change_is_of_an_account_unless_it_opens_one"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["done", "refused"], settled_at__isnull=False)
                | (~Q(state__in=["done", "refused"]) & Q(settled_at__isnull=True)),
                name="change_ends_at_an_instant",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["sending", "in_doubt"]) | Q(sent_at__isnull=False),
                name="change_in_doubt_was_sent",
            ),
        ]
        triggers = [
            pgtrigger.FSM(
                name="change_moves_along_its_edges",
                field="state",
                transitions=[(before.value, after.value) for before, after in CHANGE_EDGES],
            ),
            pgtrigger.Protect(name="change_is_never_deleted", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(
                name="change_stays_what_was_asked_for",
                fields=[
                    *("reference", "agent", "kind", "number", "name", "overdraft", "rate_group", "email"),
                    *("requested_by", "key", "requested_at"),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reference}: {self.get_kind_display()}, {self.number}"

    @property
    def is_final(self) -> bool:
        return self.state in CHANGE_ENDS
