"""Forgetting calls of old months, and what was noted of their single records; days and totals stay."""

from __future__ import annotations

import logging
from datetime import date, datetime

from django.db.models import Exists, OuterRef

from accounts.models import Switch
from billing.calls.models import CallDay, CallElsewhere, CallTotal, DroppedMonth, UnreadableRecord
from billing.calls.queries.retention import NEAR_ITS_DAY, first_known_day, kept_from
from billing.calls.services import day_locks, partitions
from billing.lib.days import MONTH, each_day

logger = logging.getLogger(__name__)


def forget_calls(*, now: datetime) -> list[date]:
    """Drop the months that are not to be kept any more, and return them. Must not run inside a transaction."""
    begin = kept_from(now)
    _mark_kept_again(since=begin, now=now)
    months = [month for month in partitions.months() if begin and month < begin.date()]
    # Written before they are dropped: no page may take a month that is gone for one that is kept.
    DroppedMonth.objects.bulk_create([DroppedMonth(month=month) for month in months], ignore_conflicts=True)
    dropped = partitions.drop_before(begin=begin)
    DroppedMonth.objects.filter(month__in=[month for month in months if partitions.is_attached(month)]).delete()
    if begin is None:
        return dropped
    UnreadableRecord.objects.filter(day__lt=begin.date()).delete()
    # A day of which any row is kept is still added up with the records that it reports elsewhere.
    CallElsewhere.objects.filter(day__lt=(begin - NEAR_ITS_DAY).date()).delete()
    return dropped


def _mark_kept_again(*, since: datetime | None, now: datetime) -> None:
    """Mark the days of dropped months that are to be kept after all, because the setting was raised.

    They are fetched when a person asks for them; their figures and proofs stand until then.
    """
    months = DroppedMonth.objects.filter(month__gte=since.date()) if since else DroppedMonth.objects.all()
    for month in months:
        for switch in Switch.objects.all():
            _mark_days(switch, month.month, first_known_day(switch=switch, now=now))
        month.delete()
        logger.info("Calls of %s are to be kept again, and fetched when asked for", month)


def _mark_days(switch: Switch, month: date, first: date) -> None:
    """Mark a switch's days, from `first` on, that have dropped calls of the month."""
    begin, end = partitions.begin_of(month), partitions.begin_of(month + MONTH)
    of_day = CallTotal.objects.filter(account=OuterRef("account"), day=OuterRef("day"))
    dropped = Exists(of_day.filter(hour__gte=begin, hour__lt=end))
    for day in each_day(max(first, (begin - NEAR_ITS_DAY).date()), (end + NEAR_ITS_DAY).date()):
        days = list(CallDay.objects.filter(dropped, account__switch=switch, day=day))
        with day_locks.held(days):
            CallDay.objects.filter(pk__in=[one.pk for one in days]).update(calls_dropped=True)
