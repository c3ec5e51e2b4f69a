"""Calls that are kept no longer, and what was noted of single records of theirs. Days and totals stay."""

from __future__ import annotations

from datetime import date, datetime

from billing.models import CallElsewhere, UnreadableRecord
from billing.queries.retention import NEAR_ITS_DAY, kept_from
from billing.services import partitions


def forget_calls(*, now: datetime) -> list[date]:
    """Months that were dropped."""
    begin = kept_from(now)
    if begin is None:
        return []
    dropped = partitions.drop_before(begin=begin)
    UnreadableRecord.objects.filter(day__lt=begin.date()).delete()
    # A day of which a row is kept is still added up with what it reports elsewhere.
    CallElsewhere.objects.filter(day__lt=(begin - NEAR_ITS_DAY).date()).delete()
    return dropped
