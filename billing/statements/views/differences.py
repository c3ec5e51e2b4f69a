"""What nothing explains, in words. What a case says of its cause is a guess, and is told as one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format

from billing.balances.models import Case, Cause

CAUSES = {
    Cause.RECORD_EDITED: "Perhaps the price of a call was changed after it had been billed.",
    Cause.RECORD_MISSING: "Perhaps the record of a call is missing.",
    Cause.LATE_RECORD: "Perhaps the record of a call has not arrived yet.",
    Cause.PAYMENT_WITHOUT_RECORD: "Perhaps money came without a payment record.",
    Cause.BALANCE_SET: "Perhaps the balance was set by hand.",
    Cause.UNKNOWN: "Why is not known yet.",
}
OPEN = "Support sees it; nothing is changed by itself."
CLOSED = "Support has looked at it and closed it."


@dataclass(frozen=True)
class Difference:
    case: Case
    text: str


def difference(case: Case) -> Difference:
    """Its times are those of the zone that is active."""
    between = f"It lies between {_moment(case.begins_at)} and {_moment(case.ends_at)}."
    return Difference(case, f"{between} {CAUSES[Cause(case.cause)]} {CLOSED if case.closed_at else OPEN}")


def _moment(at: datetime) -> str:
    return date_format(timezone.localtime(at), "j M, H:i")
