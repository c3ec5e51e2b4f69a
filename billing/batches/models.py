from __future__ import annotations

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.crypto import get_random_string
from django.utils.translation import gettext_lazy as _

from accounts.lib.money_columns import AMOUNT_DIGITS, MONEY_PLACES
from accounts.models import Account
from billing.lib.reasons import BecauseField, Reason
from billing.lib.references import new_reference
from billing.topups.models import TopUp


def new_batch_reference() -> str:
    return new_reference("BT")


def new_batch_key() -> str:
    return get_random_string(32)


class BatchState(models.TextChoices):
    UPLOADED = "uploaded", _("waiting for your confirmation")
    CONFIRMED = "confirmed", _("being carried out")
    DONE = "done", _("done")


class Origin(models.TextChoices):
    FILE = "file", _("a file")
    AGAIN = "again", _("all of a batch, a second time on purpose")
    REST = "rest", _("what a batch left unpaid")


class FileReason(Reason):
    """Why no line of a file can be used."""

    COLUMN_MISSING = (
        "file.column_missing",
        _("The first line names the columns, but none of them “%(column)s”."),
    )
    COLUMN_TWICE = "file.column_twice", _("The first line names more than one column for the %(column)s.")
    NOT_TEXT = "file.not_text", _("This is not a text file. Please save the table as CSV, and choose that file.")
    ENCODING_UNKNOWN = (
        "file.encoding_unknown",
        _("The file does not say how its letters are encoded. Choose it below, and choose the file again."),
    )
    OTHER_ENCODING = (
        "file.other_encoding",
        _("The file cannot be read as %(encoding)s. Choose another encoding, and choose the file again."),
    )
    NO_LINES = "file.no_lines", _("The file has no lines with an account and an amount.")
    QUOTATION_MARKS = "file.quotation_marks", _("Line %(line)d cannot be read: check its quotation marks.")
    TOO_MANY_LINES = "file.too_many_lines", _("The file has more than %(most)d lines. Please send it in parts.")
    WORKBOOK = "file.workbook", _("This is a workbook. Please save it as CSV, and choose that file.")


class BatchReason(Reason):
    """Why something is not done with a batch."""

    CHECKED_AGAIN = (
        "batch.checked_again",
        _("The lines were checked again in the meantime. Please look at them once more."),
    )
    NOTHING_TO_PAY = "batch.nothing_to_pay", _("There is no line in it that can be paid.")
    NOTHING_TO_TRY = "batch.nothing_to_try", _("There is nothing in it that could be tried again.")
    NOT_DONE = "batch.not_done", _("This batch is not done yet.")
    NOT_SURE = "batch.not_sure", _("Please look at what is marked, and tick that it is meant.")


class RowReason(Reason):
    """Why a line is not paid, or what to look at before it is. Reasons of an amount or a top-up count beside these."""

    GIVEN_UP = (
        "batch_row.given_up",
        _("Not sent: the portal could not handle this line. Nothing was paid for it; you may try it again."),
    )
    MAY_NO_LONGER_PAY = (
        "batch_row.may_no_longer_pay",
        _("Not sent: %(person)s confirmed it and may no longer pay from %(account)s."),
    )
    NOT_PRINTABLE = (
        "batch_row.not_printable",
        _("It holds characters that cannot be printed, such as the end of a line."),
    )
    NO_ACCOUNT = "batch_row.no_account", _("No account is named.")
    NO_CUSTOMER = "batch_row.no_customer", _("You have no customer with the account %(account)s.")
    STOPPED = "batch_row.stopped", _("Stopped by %(person)s before it was sent.")
    TOO_LONG = "batch_row.too_long", _("An account has at most %(account)d characters, a note %(note)d.")
    TOO_MANY_COLUMNS = (
        "batch_row.too_many_columns",
        _("This line has more columns than it should: write amounts without a comma, such as 1234."),
    )
    TWO_WAYS = (
        "batch_row.two_ways",
        _("This could mean %(alone)s or %(joined)s: write it as %(alone)s or %(joined)s."),
    )
    PERHAPS_ONE_NUMBER = (
        "batch_row.perhaps_one_number",
        _("A comma in this line could be part of the number %(joined)s: put every cell in quotation marks."),
    )

    JUST_ASKED_FOR = "batch_row.just_asked_for", _("The same was asked for just now, as %(topup)s.")
    IN_OTHER_LINES = "batch_row.in_other_lines", _("The same account stands in line %(lines)s too.")
    IN_MANY_LINES = "batch_row.in_many_lines", _("The same account stands in line %(lines)s and others too.")
    BOTH = "batch_row.both", "%(first)s %(second)s"


class Batch(models.Model):
    """Many top-ups of one agent's customers, read from a file. Once it is done, it requests no more top-ups."""

    reference = models.CharField(max_length=20, unique=True, default=new_batch_reference, editable=False)
    agent = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="batches", help_text=_("Who pays"))
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField()
    file_name = models.CharField(max_length=100)
    digest = models.CharField(
        max_length=64, help_text=_("SHA-256 of what its lines say, in whatever order and spelling")
    )
    payments_digest = models.CharField(
        max_length=64, help_text=_("SHA-256 of its accounts and amounts, whatever the notes beside them")
    )
    origin = models.CharField(max_length=10, choices=Origin.choices, default=Origin.FILE)
    follows = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="followers")
    key = models.CharField(
        max_length=64, default=new_batch_key, help_text=_("Of the check that a person sees, and then confirms")
    )
    state = models.CharField(max_length=10, choices=BatchState.choices, default=BatchState.UPLOADED)
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    confirmed_at = models.DateTimeField(null=True, blank=True)
    next_step_at = models.DateTimeField(
        null=True, blank=True, help_text=_("From when a sweep goes on with it, if no worker does")
    )
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = _("batches")
        indexes = [
            models.Index(fields=["agent", "-id"]),
            models.Index(fields=["agent", "payments_digest"]),
            models.Index(fields=["next_step_at"], condition=Q(state="confirmed"), name="batch_to_carry_out"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["agent", "digest"], condition=Q(origin="file"), name="batch_once_per_content"
            ),
            models.UniqueConstraint(fields=["follows"], condition=Q(origin="again"), name="batch_again_once"),
            models.CheckConstraint(
                condition=Q(origin="file", follows__isnull=True) | (~Q(origin="file") & Q(follows__isnull=False)),
                name="batch_says_what_it_follows",
            ),
            models.CheckConstraint(
                condition=~Q(state="confirmed")
                | Q(confirmed_by__isnull=False, confirmed_at__isnull=False, next_step_at__isnull=False),
                name="batch_confirmed_by_a_person",
            ),
            models.CheckConstraint(
                condition=Q(state="done", done_at__isnull=False) | (~Q(state="done") & Q(done_at__isnull=True)),
                name="batch_done_at_an_instant",
            ),
        ]
        triggers = [
            pgtrigger.FSM(
                name="batch_goes_forward_only",
                field="state",
                transitions=[("uploaded", "confirmed"), ("uploaded", "done"), ("confirmed", "done")],
            ),
            pgtrigger.Protect(name="batch_is_never_deleted", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(
                name="batch_stays_what_was_uploaded",
                fields=[
                    "reference",
                    "agent",
                    "uploaded_by",
                    "uploaded_at",
                    "digest",
                    "payments_digest",
                    "origin",
                    "follows",
                ],
            ),
        ]

    def __str__(self) -> str:
        return self.reference


class BatchRow(models.Model):
    """One line of a file: as it was written, what it means, and either its top-up or why there is none."""

    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="rows")
    line = models.PositiveIntegerField(help_text=_("Of the file, from 1"))
    account_text = models.CharField(max_length=100)
    amount_text = models.CharField(max_length=60)
    note = models.CharField(max_length=200, blank=True)
    unclear = BecauseField(null=True, blank=True, help_text=_("Why the line itself cannot be read"))
    account = models.ForeignKey(Account, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    amount = models.DecimalField(max_digits=AMOUNT_DIGITS, decimal_places=MONEY_PLACES, null=True, blank=True)
    problem = BecauseField(null=True, blank=True, help_text=_("Why it is not paid"))
    warning = BecauseField(null=True, blank=True, help_text=_("What to look at before it is paid"))
    topup = models.OneToOneField(TopUp, null=True, blank=True, on_delete=models.PROTECT, related_name="batch_row")
    failures = models.PositiveSmallIntegerField(
        default=0, help_text=_("How often it could not even be asked for, by an error of ours")
    )
    tries_again = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="tried_again"
    )

    class Meta:
        ordering = ["line"]
        constraints = [
            models.UniqueConstraint(fields=["batch", "line"], name="batchrow_once_per_line"),
            models.CheckConstraint(
                condition=Q(problem__isnull=False) | Q(account__isnull=False, amount__gt=0),
                name="batchrow_can_be_paid_or_says_why",
            ),
            models.CheckConstraint(
                condition=Q(topup__isnull=True) | Q(problem__isnull=True), name="batchrow_is_paid_or_says_why_not"
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="row_is_never_deleted", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(
                name="row_stays_what_was_written",
                fields=["batch", "line", "account_text", "amount_text", "note", "unclear", "tries_again"],
            ),
            pgtrigger.Protect(
                name="row_keeps_its_topup",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__topup__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.batch_id}, line {self.line}"
