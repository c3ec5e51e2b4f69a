from __future__ import annotations

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.lib.money_columns import AMOUNT_DIGITS, MONEY_PLACES
from accounts.models import Account, Invitation
from billing.lib.references import new_reference


def new_change_reference() -> str:
    return new_reference("CH")


class ChangeKind(models.TextChoices):
    OPEN = "open", _("open the account")
    LOCK = "lock", _("lock it")
    UNLOCK = "unlock", _("unlock it")
    OVERDRAFT = "overdraft", _("set its overdraft")


class ChangeState(models.TextChoices):
    REQUESTED = "requested", _("waiting to be sent")
    SENDING = "sending", _("being sent")
    IN_DOUBT = "in_doubt", _("being checked")
    DONE = "done", _("done")
    REFUSED = "refused", _("not done")


class ChangeReason(models.TextChoices):
    """Why a change was not done, or not yet. Where the words name a figure, it is kept beside the code."""

    NOT_YET = "not_yet", _("The switch cannot be asked just now; it is tried again.")
    NOT_REACHED = "not_reached", _("The switch could not be reached; nothing was sent.")
    CUT_OFF = "cut_off", _("The sending was cut off.")
    UNCLEAR = "unclear", _("The switch did not say clearly whether it was done.")
    NOT_FOUND = (
        "not_found",
        _("We looked for it several times: the switch has not done it. You may ask for it again."),
    )
    ALREADY_SO = "already_so", _("It was so already.")
    REFUSED_BY_SWITCH = "refused_by_switch", _("The switch refused it with code %(figure)s.")
    UNKNOWN_TO_SWITCH = "unknown_to_switch", _("The switch no longer knows this account.")
    TAKEN_ON_SWITCH = "taken_on_switch", _("The number is taken by another account. Choose another one.")
    LEFT_THE_AGENT = "left_the_agent", _("This account is no longer directly below yours; nothing was sent.")
    NOT_BELOW = "not_below", _("This account is no longer directly below yours.")
    NOT_ALLOWED = "not_allowed", _("Your provider does not let this account do that.")
    NO_OVERDRAFTS = "no_overdrafts", _("Your provider does not let this account set overdrafts.")
    NUMBER_TAKEN = "number_taken", _("There is an account %(figure)s already. Choose another number.")
    OVERDRAFT_TOO_LARGE = (
        "overdraft_too_large",
        _("This account can give %(figure)s at most: all overdrafts stay within its own."),
    )
    OVERDRAFT_UNFIT = "overdraft_unfit", _("No account can have such an overdraft.")
    KEY_REUSED = "key_reused", _("This form was already used for something else. Start again.")
    UNDER_WAY = "under_way", _("Something is being done with this account just now. Wait until it has ended.")

    def words(self, figure: str = "") -> str:
        return str(self.label) % {"figure": figure}


# `sending → requested`: it provably never left. `in doubt → refused`: it was looked for long enough and never found.
CHANGE_EDGES: tuple[tuple[ChangeState, ChangeState], ...] = (
    (ChangeState.REQUESTED, ChangeState.SENDING),
    (ChangeState.REQUESTED, ChangeState.DONE),  # there was nothing to change
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
    """What an agent asks to be done with an account directly below its own, and its outcome (manual §3.1, §3.2).

    It is committed before anything is sent. `number` names the account, which does not exist yet when one is opened.
    """

    reference = models.CharField(max_length=20, unique=True, default=new_change_reference, editable=False)
    agent = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="requested_changes")
    kind = models.CharField(max_length=10, choices=ChangeKind.choices)
    number = models.CharField(_("VOS3000 account id"), max_length=100)
    account = models.ForeignKey(Account, null=True, blank=True, on_delete=models.PROTECT, related_name="changes")
    name = models.CharField(max_length=200, blank=True)
    overdraft = models.DecimalField(max_digits=AMOUNT_DIGITS, decimal_places=MONEY_PLACES, null=True, blank=True)
    rate_group = models.CharField(max_length=200, blank=True)
    email = models.EmailField(_("invites"), blank=True)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    key = models.CharField(max_length=64)
    requested_at = models.DateTimeField()
    deadline = models.DateTimeField(help_text=_("Until when it is tried to send it"))

    state = models.CharField(max_length=10, choices=ChangeState.choices, default=ChangeState.REQUESTED)
    # No list of choices in the database: another reason must not need a migration.
    reason = models.CharField(max_length=30, blank=True)
    figure = models.CharField(max_length=100, blank=True, help_text=_("What the words of the reason name"))
    attempts = models.PositiveSmallIntegerField(default=0)
    looks = models.PositiveSmallIntegerField(default=0, help_text=_("Complete ones, since it came into doubt"))
    next_step_at = models.DateTimeField(help_text=_("From when a sweep goes on with it"))
    sent_at = models.DateTimeField(null=True, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)
    invitation = models.ForeignKey(
        Invitation, null=True, blank=True, on_delete=models.SET_NULL, related_name="customer_changes"
    )
    mailed_at = models.DateTimeField(null=True, blank=True, help_text=_("When the invitation's mail was handed in"))

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
        return f"{self.reference}: {self.kind}, {self.number}"

    @property
    def why(self) -> str:
        """The reason in words, or nothing."""
        return ChangeReason(self.reason).words(self.figure) if self.reason else ""

    @property
    def is_final(self) -> bool:
        return self.state in CHANGE_ENDS
