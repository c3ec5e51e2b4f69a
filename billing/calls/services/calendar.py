"""What the calls of a switch have to do with its calendar: each belongs to a day of it."""

from __future__ import annotations

from django.utils import timezone

from accounts.models import Switch
from billing.calls.models import (
    Backfill,
    Call,
    CallChange,
    CallDay,
    CallElsewhere,
    CallTotal,
    UnreadableRecord,
)
from billing.calls.queries.retention import first_whole_day


def is_bound(*, switch: Switch) -> bool:
    """Whether totals are all that is left of some days, or records were seen to change: neither comes again."""
    of_switch = CallDay.objects.filter(account__switch=switch)
    dropped = of_switch.filter(calls_dropped=True) | of_switch.filter(day__lt=first_whole_day(timezone.now()))
    return dropped.exists() or CallChange.objects.filter(account__switch=switch).exists()


def forget(*, switch: Switch) -> None:
    """Drop all days with their calls, whose routing goes with them, and the requests for some of the days."""
    for model in (UnreadableRecord, CallElsewhere, CallTotal, CallDay, Backfill):
        model._default_manager.filter(account__switch=switch).delete()
    Call.objects.filter(switch=switch).delete()
