from __future__ import annotations

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from accounts.models import Account
from billing.lib.reasons import BecauseField, Reason
from billing.lib.references import new_reference


def new_export_reference() -> str:
    return new_reference("EX")


class FileKind(models.TextChoices):
    CSV = "csv", "CSV"
    XLSX = "xlsx", "XLSX"


class ExportState(models.TextChoices):
    SENT = "sent", _("sent at once")
    WAITING = "waiting", _("waiting")
    RUNNING = "running", _("being prepared")
    DONE = "done", _("ready")
    STOPPED = "stopped", _("stopped")
    FAILED = "failed", _("not made")
    REMOVED = "removed", _("removed")


class ExportFailure(Reason):
    """Why the file of an export was not made."""

    NO_ROOM = (
        "export.no_room",
        _("There was no room left for the file on the server. Please try again later, or choose fewer days."),
    )
    UNWRITABLE = (
        "export.unwritable",
        _("The server could not keep the file. Please try again later; support can see why."),
    )
    NAME_GONE = (
        "export.name_gone",
        _("A name that it was asked for by has gone from the rates. Please choose its calls again."),
    )
    GIVEN_UP = (
        "export.given_up",
        ngettext_lazy(
            "It was begun %(times)d time and never came to its end. Choose fewer days, or ask support.",
            "It was begun %(times)d times and never came to its end. Choose fewer days, or ask support.",
            "times",
        ),
    )


UNFINISHED = (ExportState.WAITING, ExportState.RUNNING)
EXPORT_EDGES = [
    ("waiting", "running"),
    ("waiting", "stopped"),
    ("running", "done"),
    ("running", "stopped"),
    ("running", "failed"),
    ("done", "removed"),
]


class Export(models.Model):
    """A file of calls that a person asked for: sent at once, or prepared by a worker and kept for a while.

    `asked` is the query of the address whose page lists the same calls. The file is for the person who asked, and for
    no other. `tries` counts the workers that took it up: each begins again, whatever an earlier one had written.
    """

    reference = models.CharField(max_length=20, unique=True, default=new_export_reference, editable=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="exports", db_index=False)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="exports", db_index=False
    )
    asked_at = models.DateTimeField()
    asked = models.TextField(blank=True)
    kind = models.CharField(max_length=4, choices=FileKind.choices)
    zone = models.CharField(max_length=64, help_text=_("Whose days it is about, and whose clock its times are told by"))
    first = models.DateField(_("first day"))
    last = models.DateField(_("last day"))
    was_fresh = models.BooleanField(
        _("fresh login"), help_text=_("Whether the person had just shown once more that it was them")
    )
    state = models.CharField(max_length=10, choices=ExportState.choices)
    tries = models.PositiveSmallIntegerField(default=0)
    rows_done = models.BigIntegerField(_("calls written"), default=0)
    rows_total = models.BigIntegerField(_("calls in all"), null=True, blank=True)
    moved_at = models.DateTimeField(null=True, blank=True, help_text=_("When a worker was last seen at it"))
    ended_at = models.DateTimeField(null=True, blank=True)
    why = BecauseField(null=True, blank=True, help_text=_("Why it was not made"))
    size = models.BigIntegerField(null=True, blank=True, help_text=_("Of the file, in bytes"))
    expires_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["asked_by", "account", "-asked_at"], name="export_of_a_person"),
            models.Index(fields=["asked_at"], name="export_by_time"),
            models.Index(fields=["asked_at"], condition=Q(state__in=UNFINISHED), name="export_unfinished"),
            models.Index(fields=["expires_at"], condition=Q(state="done"), name="export_kept"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(first__lte=F("last")), name="export_of_days_in_order"),
            models.CheckConstraint(
                condition=Q(state__in=UNFINISHED, ended_at__isnull=True)
                | (~Q(state__in=UNFINISHED) & Q(ended_at__isnull=False)),
                name="export_ended_at_an_instant",
            ),
            models.CheckConstraint(
                condition=~Q(state="done") | Q(size__isnull=False, expires_at__isnull=False, rows_done=F("rows_total")),
                name="export_done_is_whole",
            ),
            models.CheckConstraint(
                condition=~Q(state="failed") | Q(why__reason__isnull=False), name="export_failed_says_why"
            ),
        ]
        triggers = [
            pgtrigger.FSM(name="export_goes_forward_only", field="state", transitions=EXPORT_EDGES),
            pgtrigger.ReadOnly(
                name="export_stays_what_was_asked",
                fields=["reference", "account", "asked_by", "asked_at", "asked", "kind", "zone", "first", "last"],
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def is_unfinished(self) -> bool:
        return self.state in UNFINISHED

    @property
    def is_packing(self) -> bool:
        """All rows are written, and a spreadsheet still has to be put together."""
        return self.state == ExportState.RUNNING and bool(self.rows_total) and self.rows_done == self.rows_total
