"""Differences that nothing explains, in words. The cause of a case is a guess, and is worded as one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from billing.balances.models import Case, Cause

CAUSES = {
    Cause.RECORD_EDITED: _("Perhaps the price of a call was changed after it had been billed."),
    Cause.RECORD_MISSING: _("Perhaps the record of a call is missing."),
    Cause.LATE_RECORD: _("Perhaps the record of a call has not arrived yet."),
    Cause.PAYMENT_WITHOUT_RECORD: _("Perhaps money came without a payment record."),
    Cause.BALANCE_SET: _("Perhaps the balance was set by hand."),
    Cause.UNKNOWN: _("Why is not known yet."),
}
OPEN = _("Support sees it; nothing is changed by itself.")
CLOSED = _("Support has looked at it and closed it.")


@dataclass(frozen=True)
class Difference:
    """A case with what a reader is told of it."""

    case: Case
    text: str


def difference(case: Case) -> Difference:
    """Word a case, with times in the active time zone."""
    times = {"begin": _moment(case.begins_at), "end": _moment(case.ends_at)}
    between = gettext("It lies between %(begin)s and %(end)s.") % times
    return Difference(case, f"{between} {CAUSES[Cause(case.cause)]} {CLOSED if case.closed_at else OPEN}")


def _moment(at: datetime) -> str:
    return date_format(timezone.localtime(at), "j M, H:i")
