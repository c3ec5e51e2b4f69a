"""Decides who may take how many calls away as a file, and asks a worker for it."""

from __future__ import annotations

import logging
from datetime import date, datetime, timedelta
from functools import partial
from typing import BinaryIO
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Q
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from accounts.access import Access
from accounts.models import Account, AuditAction, User
from accounts.services import audit
from billing.call_history.tables import CallTable, table_of
from billing.exports.models import UNFINISHED, Export, ExportState, FileKind
from billing.exports.services import files
from billing.lib.days import day_of, each_day
from billing.lib.queued_tasks import QueuedTask
from billing.lib.reasons import Because, Reason

MAKE_EXPORT = QueuedTask(name="billing.exports.tasks.make_export", queue="exports")

logger = logging.getLogger(__name__)

LATELY = timedelta(hours=24)
# How many days of an account a person may take away within that time without a fresh login.
FREE_DAYS = 31
# How many files of one person may be in preparation, and how many are kept.
MOST_UNFINISHED = 3
MOST_KEPT = 10


class ExportRefusal(Reason):
    """Why no file is prepared or sent."""

    TOO_MANY_UNFINISHED = (
        "export_refusal.too_many_unfinished",
        ngettext_lazy(
            "%(most)d file is being prepared for you already. Stop it, or wait until it is ready.",
            "%(most)d files are being prepared for you already. Stop one of them, or wait until one is ready.",
            "most",
        ),
    )
    TOO_MANY_KEPT = (
        "export_refusal.too_many_kept",
        ngettext_lazy(
            "%(most)d file is kept for you already. Remove it when you no longer need it.",
            "%(most)d files are kept for you already. Remove one that you no longer need.",
            "most",
        ),
    )
    NO_FILE = "export_refusal.no_file", _("There is no file to download here.")
    LOST_FILE = (
        "export_refusal.lost_file",
        _("The file is not where it should be. Please ask for it again, or tell support."),
    )


class ExportRefused(Exception):
    """Nothing was written, for the reason given."""

    def __init__(self, because: Because) -> None:
        super().__init__(because)
        self.because = because


class FreshLoginWanted(Exception):
    """So many days may be taken away only after a fresh login."""


def table(export: Export) -> CallTable:
    """The table of the calls that the person saw when they asked."""
    zone = ZoneInfo(export.zone)
    today = day_of(export.asked_at, zone)
    return table_of(account=export.account, asked=QueryDict(export.asked), zone=zone, today=today)


@transaction.atomic
def sent(*, access: Access, table: CallTable, kind: FileKind, rows: int, is_fresh: bool, now: datetime) -> None:
    """Note a file that is about to be sent at once; raises FreshLoginWanted."""
    _hold(access.user)
    export = _new_export(access, table, kind, is_fresh, now)
    export.state, export.ended_at, export.rows_done, export.rows_total = ExportState.SENT, now, rows, rows
    _write(export, access, f"{rows} calls")


@transaction.atomic
def ask(*, access: Access, table: CallTable, kind: FileKind, is_fresh: bool, now: datetime) -> Export:
    """Have a worker prepare a file; raises FreshLoginWanted or ExportRefused."""
    _hold(access.user)
    _refuse_too_many(access.user, now)
    export = _new_export(access, table, kind, is_fresh, now)
    export.state = ExportState.WAITING
    _write(export, access, "Calls")
    transaction.on_commit(partial(MAKE_EXPORT.enqueue, export.pk))
    return export


@transaction.atomic
def end(*, export: Export, now: datetime) -> Export:
    """Stop an export, or remove its file, whichever there is to do."""
    export = Export.objects.select_for_update(no_key=True).get(pk=export.pk)
    if export.is_unfinished:
        export.state, export.ended_at = ExportState.STOPPED, now
    elif export.state == ExportState.DONE:
        export.state = ExportState.REMOVED
    else:
        return export
    export.save(update_fields=["state", "ended_at"])
    transaction.on_commit(lambda: files.remove(export.reference))
    return export


def take(*, access: Access, export: Export, now: datetime) -> BinaryIO:
    """The open file, for the caller to close; raises ExportRefused where there is none, or none any more."""
    if export.state != ExportState.DONE or export.expires_at is None or export.expires_at <= now:
        raise ExportRefused(Because(ExportRefusal.NO_FILE))
    try:
        file = files.path_of(export).open("rb")
    except OSError as error:
        logger.exception("The file of export %s cannot be read: web and worker-exports must share EXPORT_DIR", export)
        raise ExportRefused(Because(ExportRefusal.LOST_FILE)) from error
    audit.note(action=AuditAction.EXPORTED, now=now, by=access, subject=export, text="The file was downloaded")
    return file


def _hold(user: User) -> None:
    """Lock the person until the transaction ends: what one person asks for is decided one after the other."""
    User.objects.select_for_update(no_key=True).get(pk=user.pk)


def _refuse_too_many(user: User, now: datetime) -> None:
    theirs = Export.objects.filter(asked_by=user)
    if theirs.filter(state__in=UNFINISHED).count() >= MOST_UNFINISHED:
        raise ExportRefused(Because(ExportRefusal.TOO_MANY_UNFINISHED, {"most": MOST_UNFINISHED}))
    kept = theirs.filter(Q(state__in=UNFINISHED) | Q(state=ExportState.DONE, expires_at__gt=now))
    if kept.count() >= MOST_KEPT:
        raise ExportRefused(Because(ExportRefusal.TOO_MANY_KEPT, {"most": MOST_KEPT}))


def _new_export(access: Access, table: CallTable, kind: FileKind, is_fresh: bool, now: datetime) -> Export:
    if not is_fresh and _is_beyond_free_days(access.user, access.account, table.first, table.last, now):
        raise FreshLoginWanted
    return Export(
        account=access.account,
        asked_by=access.user,
        asked_at=now,
        asked=table.asked,
        kind=kind,
        zone=table.filter.zone.key,
        first=table.first,
        last=table.last,
        was_fresh=is_fresh,
    )


def _is_beyond_free_days(user: User, account: Account, first: date, last: date, now: datetime) -> bool:
    """Days taken away in pieces count like days taken away at once, save those that a fresh login was shown for."""
    if (last - first).days >= FREE_DAYS:
        return True
    lately = Export.objects.filter(asked_by=user, account=account, asked_at__gt=now - LATELY, was_fresh=False)
    ranges = [(first, last), *lately.values_list("first", "last").distinct()]
    return len({day for begin, end in ranges for day in each_day(begin, end)}) > FREE_DAYS


def _write(export: Export, access: Access, what: str) -> None:
    export.save(force_insert=True)
    text = f"{what} of {export.first} to {export.last} as {export.kind.upper()}"
    audit.note(action=AuditAction.EXPORTED, now=export.asked_at, by=access, subject=export, text=text)
