"""Asking for calls of days that are not here yet. `backfilling` works it off; nothing here asks the switch."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db import transaction

from accounts.models import Account, User
from billing.models import Backfill, CallDay
from billing.queries.backfills import open_ones
from billing.queries.days import DAY, day_of
from billing.queries.retention import first_whole_day
from billing.services.handing_over import hand_over

# What an account's customers may ask for: stretches that wait at a time, and days in a day and a night.
MOST_OPEN = 3
MOST_DAYS_ASKED = 400
ASKED_WITHIN = timedelta(days=1)
# What no switch is known to keep is not asked for, where nobody said what this one keeps.
LONGEST_KEPT = timedelta(days=3 * 366)


class BackfillRefused(Exception):
    """Its text is for people."""


def stretch(*, account: Account, first: date, last: date, now: datetime) -> tuple[date, date] | None:
    """What of these days the switch can know and the portal keeps: not before the account was opened, not tomorrow."""
    today = day_of(now, account.switch.zone)
    kept = timedelta(days=account.switch.call_days_kept) if account.switch.call_days_kept else LONGEST_KEPT
    earliest = [first, first_whole_day(now), today - kept]
    if account.opened_at is not None:
        earliest.append(day_of(account.opened_at, account.switch.zone))
    first, last = max(earliest), min(last, today)
    return (first, last) if first <= last else None


def ask(
    *, account: Account, first: date, last: date, by: User, now: datetime, as_staff: bool = False
) -> Backfill | None:
    """Have these days fetched as far as they are not here; None when there is nothing to fetch.

    Staff are not held to the limits of an account, and use nothing of them up. Raises BackfillRefused.
    """
    days = stretch(account=account, first=first, last=last, now=now)
    if days is None or (missing := _missing(account, *days)) is None:
        return None
    first, last = missing
    covering = open_ones(account=account).filter(first__lte=first, last__gte=last)
    if known := covering.first():
        return known
    with transaction.atomic():
        # One at a time for each account, so that the limits hold.
        Account.objects.select_for_update(no_key=True).get(pk=account.pk)
        if known := covering.first():
            return known
        if not as_staff:
            _check_limits(account, (last - first).days + 1, now)
        backfill = Backfill.objects.create(
            account=account, first=first, last=last, asked_by=by, asked_at=now, progressed_at=now
        )
        transaction.on_commit(lambda: announce(account.switch_id))
    return backfill


def _missing(account: Account, first: date, last: date) -> tuple[date, date] | None:
    """The first and the last of these days that were never fetched."""
    fetched = CallDay.objects.filter(account=account, day__range=(first, last), fetched_at__isnull=False)
    here = set(fetched.values_list("day", flat=True))
    while first <= last and first in here:
        first += DAY
    while first <= last and last in here:
        last -= DAY
    return (first, last) if first <= last else None


def _check_limits(account: Account, days: int, now: datetime) -> None:
    theirs = Backfill.objects.filter(account=account, asked_by__is_staff=False)
    if theirs.filter(ended_at__isnull=True).count() >= MOST_OPEN:
        raise BackfillRefused("Other days of this account are being fetched first. Open these again in a while.")
    lately = theirs.filter(asked_at__gt=now - ASKED_WITHIN)
    if sum(backfill.days for backfill in lately) + days > MOST_DAYS_ASKED:
        raise BackfillRefused(
            f"At most {MOST_DAYS_ASKED} days of an account are fetched from one day to the next."
            " Choose fewer days, or open these again tomorrow."
        )


def announce(switch_id: int) -> None:
    """Ask a worker to begin now. When no broker answers, the next round does."""
    hand_over("billing.tasks.sync.fill", switch_id, queue="calls")
